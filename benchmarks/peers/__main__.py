"""`python -m benchmarks.peers`: the same callers and the same stand-in against voicegraph, Pipecat and FastRTC, and their ratios.

Each peer runs in a virtual environment of its own: `make bench-peers` makes them, in .venv-peers, from the requirements files beside this one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import latency, load
from benchmarks.cost import cost
from benchmarks.echo import echo_of, stock
from benchmarks.figures import Figure
from benchmarks.machine import pin
from benchmarks.peers.comparison import OURS, comparison
from benchmarks.peers.signalling import over_fastrtc
from benchmarks.processes import ANSWER, ASKED, LONG_ANSWER, Start, program, stand_in, voicegraph
from benchmarks.results import PEERS, Part, Results
from voicegraph.testing.caller import Offer, over_http

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv-peers"
GRAPH = "voxtral2"
"""Of ours: Pipecat's Mistral services speak to the Voxtral 2 models."""
OUR_CALLS = (1, 20, 30, 40, 50, 60)
THEIR_CALLS = (1, 2, 3, 4, 6)
CALLS = 2
"""At which the cost of a call is compared: as many as each of them can carry."""
TURNS = 3
ECHO_CALLS = 4


@dataclass(frozen=True, slots=True)
class Agent:
    """A voice agent to measure: how it is started with the stand-in's URL, and with how many calls its ramp goes up."""

    name: str
    start: Callable[[str], Start]
    calls: Sequence[int]


@dataclass(frozen=True, slots=True)
class Mirror:
    """A server that echoes: how it is started, and how it is called."""

    name: str
    start: Callable[[], Start]
    over: Callable[[str], Offer]


def _python(environment: str) -> str:
    return str(ENVIRONMENTS / environment / "bin" / "python")


def pipecat(*options: str) -> Callable[[str], Start]:
    """Pipecat's bot."""
    command = [_python("pipecat"), str(HERE / "pipecat_bot.py")]
    return lambda mistral: program([*command, mistral, *options], {"LOGURU_LEVEL": "ERROR"}, server=True)


def fastrtc() -> Start:
    """FastRTC's echo."""
    return program([_python("fastrtc"), str(HERE / "fastrtc_echo.py")], server=True)


AGENTS = (
    Agent(OURS, lambda mistral: voicegraph(GRAPH, mistral), OUR_CALLS),
    Agent("Pipecat as it comes", pipecat(), THEIR_CALLS),
    Agent("Pipecat tuned", pipecat("--tuned"), THEIR_CALLS),
)
MIRRORS = (
    Mirror(OURS, lambda: voicegraph("echo"), over_http),
    Mirror("stock aiortc", stock, over_http),
    Mirror("FastRTC", fastrtc, over_fastrtc),
)


async def _echoes() -> Part:
    return Part([await _echo(mirror) for mirror in MIRRORS])


async def _agent(agent: Agent) -> Part:
    figures = await _turns(agent) + await _costs(agent)
    steps = await _ramp(agent)
    return Part(figures + _figures(agent, steps), {agent.name: steps}, f"{agent.name}: {load.controls(steps)}")


PARTS: Mapping[str, Callable[[], Awaitable[Part]]] = {"echo": _echoes} | {agent.name: partial(_agent, agent) for agent in AGENTS}


async def _measure(parts: Sequence[str]) -> Results:
    found: dict[str, Part] = {}
    for part in parts:
        print(f"measuring {part} …", file=sys.stderr)
        found[part] = await PARTS[part]()
    return Results(found)


async def _echo(mirror: Mirror) -> Figure:
    async with mirror.start() as server:
        return Figure(f"{mirror.name}: echo, sample said → heard again", "ms", await echo_of(server, mirror.over, ECHO_CALLS))


async def _turns(agent: Agent) -> list[Figure]:
    async with stand_in() as mistral, agent.start(mistral.url) as server:
        try:
            samples = await latency.sample(server, TURNS)
        except latency.Unheard as problem:
            print(f"  {agent.name}: {problem}", file=sys.stderr)
            return []
    return [
        Figure(f"{agent.name}: end of speech → first sample of the reply", "ms", [each.answer for each in samples]),
        Figure(f"{agent.name}: speech over the reply → its last sample", "ms", [each.stop for each in samples]),
    ]


async def _costs(agent: Agent) -> list[Figure]:
    async with stand_in(LONG_ANSWER, (ASKED,)) as mistral, agent.start(mistral.url) as server:
        return await cost(agent.name, server, CALLS)


async def _ramp(agent: Agent) -> Sequence[load.Step]:
    async with stand_in(ANSWER, (ASKED,)) as mistral, agent.start(mistral.url) as server:
        return await load.ramp(server, mistral, agent.calls)


def _figures(agent: Agent, steps: Sequence[load.Step]) -> list[Figure]:
    memory, tasks, threads = (load.per_call(steps, what, steps[-1].calls) for what in ("memory", "tasks", "threads"))
    return [
        Figure(f"{agent.name}: calls on one core, 99 % of packets less than 20 ms late", "", [load.knee(steps)]),
        Figure(f"{agent.name}: memory per call after the first", "MB", [memory / 1e6]),
        Figure(f"{agent.name}: asyncio tasks per call", "", [tasks]),
        Figure(f"{agent.name}: threads per call", "", [threads]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="this part; may be repeated (default: all, in one run)")
    parser.add_argument("--json", type=Path, default=PEERS, metavar="FILE", help="the results; parts not measured stay (default: %(default)s)")
    options = parser.parse_args()
    pin(os.getpid(), server=False)
    found = asyncio.run(_measure([part for part in PARTS if part in (options.only or PARTS)]))
    known = Results.read(options.json).parts | found.parts
    results = Results({part: known[part] for part in PARTS if part in known})
    print(f"{comparison(results)}\n\n{found.said()}")
    results.write(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
