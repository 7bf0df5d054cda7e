"""`voicegraph run`: a WAV file through a graph, without a browser."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from voicegraph.commands import Subcommands, complain, say

if TYPE_CHECKING:
    from voicegraph.graph.spec import GraphSpec
    from voicegraph.offline import WavLine

DESCRIPTION = """Speak a WAV file to a graph and keep the reply. Where every node works on this machine the call runs as fast as it can, in virtual
time, and takes the same course every time; else in real time."""


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("run", help="put a WAV file through a graph", description=DESCRIPTION)
    parser.add_argument("graph", metavar="GRAPH", help="a file, or the name of a shipped graph")
    parser.add_argument("--in", dest="question", type=Path, required=True, metavar="WAV", help="what the caller says: 16-bit PCM, any rate")
    parser.add_argument(
        "--out", dest="reply", type=Path, metavar="WAV", help="where to write what the caller hears, from the first moment of the call"
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="SECONDS", help="how long to wait for a reply after the file's end (%(default)g)"
    )
    parser.add_argument("--realtime", action="store_true", help="by the clock on the wall in any case: computing takes its time then, as in a call")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.clock import run_virtual
    from voicegraph.graph.load import load
    from voicegraph.offline import WavLine, read_wav

    line, spec = WavLine(*read_wav(options.question)), load(options.graph)
    outside = None if options.realtime else needs_real_time(spec)
    if outside:
        complain(outside)
    virtual = not (options.realtime or outside)
    began = time.monotonic()
    failure = (run_virtual if virtual else asyncio.run)(_call(spec, line, options.timeout))
    took = time.monotonic() - began
    for who, words in line.transcript.lines:
        say(f"{who:<7} {words}")
    if line.first_sound is not None:
        say(f"first sound {line.first_sound * 1000:.0f} ms after the caller had finished{', computing left out' if virtual else ''}")
    if virtual:
        say(f"{line.seconds:.1f} s of call in {took:.1f} s: {line.seconds / took:.0f} times as fast as real time")
    if options.reply is not None:
        line.save(options.reply)
    for problem in [*line.transcript.problems, *([failure] if failure else [])]:
        complain(problem)
    return 1 if failure else 0


def needs_real_time(spec: GraphSpec) -> str | None:
    """Why this graph cannot run in virtual time; None when it can."""
    from voicegraph.graph.report import listed

    names = [f"'{node.name}' ({node.use})" for node in spec.nodes if not node.processor.virtual_time]
    if not names:
        return None
    return f"This runs in real time: {listed(names, 'and')} may wait for something that is not on this machine."


async def _call(spec: GraphSpec, line: WavLine, patience: float) -> str | None:
    """The whole call. Why it failed, if it did."""
    from voicegraph.graph.host import Host
    from voicegraph.graph.session import Session

    async with Host() as host:
        session = Session(spec, line, id="run", host=host)
        await session.start()
        talking = asyncio.create_task(line.talk(patience))
        ending = asyncio.create_task(session.wait())
        try:
            await asyncio.wait([talking, ending], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                return f"The call ended: {ending.result()}"
            return None if talking.result() else f"There was no reply within {patience:g} s of the end of the file."
        finally:
            talking.cancel()
            await session.close("done")
