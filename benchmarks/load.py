"""More and more calls on one core, until what they hear comes late.

Every caller asks once in twelve seconds and hears a reply for half of them (callers/microphone.py), each at a time of his own: at any time, half of
the callers hear one. The server has one core to itself; the callers, the stand-in and this harness have the rest, and what they take is told too.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.callers.crowd import Crowd, CrowdError, crowd
from benchmarks.callers.lateness import percentile
from benchmarks.callers.microphone import CYCLE
from benchmarks.figures import Figure, rounded
from benchmarks.processes import Program
from benchmarks.quiet import DISTURBED, TRIES, others

CALLS = (1, 5, 10, 20, 30, 35, 40, 45, 50, 60, 70, 80)
LATE = 0.02
"""Seconds: the 99th percentile of lateness at which a server has more calls than it can carry."""
HOPELESS = 0.5
"""Seconds of it after which no further step can be wanted."""
SETTLE = 4.0
"""Seconds after the last caller of a step has come, before it is measured."""
REPEATS = 5
"""How many steps of a ramp may be measured again in all, because other programs disturbed them: on a busy machine it would never end otherwise."""
FEW, MANY = 5, 30
"""Where the cost of a call is compared: it should not depend on how many there are."""


@dataclass(frozen=True, slots=True)
class Step:
    """What so many calls were like. Seconds; cpu, callers, stand_in: shares of a core; memory: bytes.

    others: what other programs took of the server's core meanwhile. sent_late: 99th percentile of the callers' own lag.
    """

    calls: int
    late_median: float
    late_p99: float
    late_worst: float
    missing: float
    spoken: float
    silent_calls: int
    lost: int
    cpu: float
    memory: int
    tasks: int
    threads: int
    callers: float
    stand_in: float
    others: float
    sent_late: float

    @property
    def carried(self) -> bool:
        """Whether everybody was answered, and in time."""
        return self.late_p99 < LATE and self.silent_calls == 0

    @property
    def too_many(self) -> bool:
        """Whether it was not carried, and no other program is to blame."""
        return not self.carried and self.others <= DISTURBED


async def ramp(server: Program, mistral: Program, calls: Sequence[int] = CALLS) -> list[Step]:
    """Measure these numbers of calls, one after another; ends early when two in a row were too many, or one hopelessly so."""
    steps: list[Step] = []
    async with crowd(server.url) as callers:
        await callers.converse()
        try:
            async for step in _steps(callers, server, mistral, calls):
                print(f"  {step.calls} calls: 99 % of packets within {1000 * step.late_p99:.1f} ms, {step.cpu:.0%} of a core", file=sys.stderr)
                steps.append(step)
                if step.late_p99 > HOPELESS or (len(steps) > 1 and all(each.too_many for each in steps[-2:])):
                    break
        except CrowdError as problem:
            print(f"  no further: {problem}", file=sys.stderr)
    return steps


async def _steps(callers: Crowd, server: Program, mistral: Program, calls: Sequence[int]) -> AsyncIterator[Step]:
    repeats = REPEATS
    for number in calls:
        await callers.grow(number)
        await asyncio.sleep(SETTLE)
        tries = [await _step(callers, server, mistral)]
        while tries[-1].others > DISTURBED and len(tries) < TRIES and repeats:
            print(f"  {number} calls: other programs took {tries[-1].others:.0%} of the server's core; once more", file=sys.stderr)
            repeats -= 1
            tries.append(await _step(callers, server, mistral))
        yield min(tries, key=lambda step: step.others)


async def _step(callers: Crowd, server: Program, mistral: Program) -> Step:
    began, used, other, foreign = time.monotonic(), server.cpu_seconds(), mistral.cpu_seconds(), others(server)
    measuring = asyncio.create_task(callers.measure(CYCLE))
    await asyncio.sleep(CYCLE)
    took = time.monotonic() - began
    cpu, stand_in, share = (server.cpu_seconds() - used) / took, (mistral.cpu_seconds() - other) / took, foreign()
    heard = await measuring
    return Step(
        calls=heard.calls,
        late_median=percentile(heard.late, 0.5),
        late_p99=percentile(heard.late, 0.99),
        late_worst=max(heard.late, default=0.0),
        missing=heard.missing,
        spoken=heard.spoken,
        silent_calls=heard.silent_calls,
        lost=heard.lost,
        cpu=cpu,
        memory=server.memory(),
        tasks=await server.tasks(),
        threads=server.threads(),
        callers=heard.share,
        stand_in=stand_in,
        others=share,
        sent_late=heard.sent_late,
    )


def knee(steps: Sequence[Step]) -> int:
    """The greatest number of calls that was carried, with all smaller ones (but those that other programs disturbed); 0 when there is none."""
    carried = 0
    for step in steps:
        if step.carried:
            carried = step.calls
        elif step.too_many:
            break
    return carried


def near(steps: Sequence[Step], calls: int) -> Step:
    """The step with so many calls or, where the ramp ended before, the last one."""
    return next((step for step in steps if step.calls >= calls), steps[-1])


def per_call(steps: Sequence[Step], what: str, upto: int = MANY) -> float:
    """How much of a quantity each call after the first adds."""
    first, last = steps[0], near(steps, upto)
    return float(getattr(last, what) - getattr(first, what)) / max(1, last.calls - first.calls)


def figures(name: str, steps: Sequence[Step]) -> list[Figure]:
    """The bars of a ramp."""
    few, many = near(steps, FEW), near(steps, MANY)
    with_calls = f"with {many.calls} calls"
    missing = 60_000 * many.missing / max(many.spoken, 1e-9)
    found = [
        Figure(f"{name}: calls on one core, 99 % of packets less than 20 ms late", "", [knee(steps)], least=30),
        Figure(f"{name}: 99th percentile of lateness {with_calls}", "ms", [1000 * many.late_p99], worst_bar=1000 * LATE),
        Figure(f"{name}: sound missing inside replies {with_calls}", "ms in a minute", [missing], worst_bar=0),
        Figure(f"{name}: CPU per call {with_calls}, half of them hearing a reply", "% of a core", [100 * many.cpu / many.calls]),
        Figure(f"{name}: memory per call after the first", "MB", [per_call(steps, "memory") / 1e6], worst_bar=3.0),
        Figure(f"{name}: asyncio tasks per call", "", [per_call(steps, "tasks")], worst_bar=20),
        Figure(f"{name}: threads per call", "", [per_call(steps, "threads")], worst_bar=0),
    ]
    if many.calls > few.calls:
        ratio = (many.cpu / many.calls) / (few.cpu / few.calls)
        found.append(Figure(f"{name}: CPU per call with {many.calls} calls against {few.calls}", "×", [ratio], worst_bar=1.2))
    return found


def controls(steps: Sequence[Step]) -> str:
    """A sentence on what else went on while the most calls were measured."""
    last = near(steps, MANY)
    return (
        f"With {last.calls} calls the callers took {last.callers:.0%} and the stand-in {last.stand_in:.0%} of a core beside the server's; "
        f"99 % of the callers' own packets left within {1000 * last.sent_late:.1f} ms of their time, {last.lost} packets were lost, "
        f"and other programs took {last.others:.1%} of the server's core."
    )


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{name: rounded(value) if isinstance(value, float) else value for name, value in asdict(step).items()} for step in steps]


def from_json(found: Sequence[dict[str, Any]]) -> list[Step]:
    return [Step(**each) for each in found]
