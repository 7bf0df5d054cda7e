"""More and more calls on one core, until what they hear comes late.

Every caller asks once in ten seconds and hears a reply for half of them (callers/microphone.py), each at a time of his own: at any time half of them
hear one. The server has one core to itself; the callers, the stand-in for Mistral and this harness have the rest, and what they take is told too.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.callers.crowd import Crowd, CrowdError, Heard, crowd
from benchmarks.callers.lateness import percentile
from benchmarks.callers.microphone import CYCLE
from benchmarks.figures import Figure, rounded
from benchmarks.processes import Program

CALLS = (1, 5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80)
LATE = 0.02
"""Seconds: the 99th percentile of lateness at which a server has more calls than it can carry."""
HOPELESS = 0.5
"""Seconds of it after which no further step can be wanted."""
SETTLE = 4.0
"""Seconds after the last caller of a step has come, before it is measured."""
FEW, MANY = 5, 30
"""Where the cost of a call is compared: it should not depend on how many there are."""


@dataclass(frozen=True, slots=True)
class Step:
    """What so many calls were like. Seconds; cpu, callers, stand_in: shares of a core; memory: bytes.

    waited: how long the server was kept from its core by other programs, per second. sent_late: 99th percentile of the callers' own lag.
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
    waited: float
    sent_late: float

    @property
    def carried(self) -> bool:
        """Whether everybody was answered, and in time."""
        return self.late_p99 < LATE and self.silent_calls == 0


async def ramp(server: Program, mistral: Program, calls: Sequence[int] = CALLS) -> list[Step]:
    """Measure these numbers of calls, one after another; ends early when two in a row were too many, or one hopelessly so."""
    steps: list[Step] = []
    async with crowd(server.url) as callers:
        await callers.converse()
        try:
            async for step in _steps(callers, server, mistral, calls):
                print(f"  {step.calls} calls: 99 % of packets within {1000 * step.late_p99:.1f} ms, {step.cpu:.0%} of a core", file=sys.stderr)
                steps.append(step)
                if step.late_p99 > HOPELESS or (len(steps) > 1 and not any(each.carried for each in steps[-2:])):
                    break
        except CrowdError as problem:
            print(f"  no further: {problem}", file=sys.stderr)
    return steps


async def _steps(callers: Crowd, server: Program, mistral: Program, calls: Sequence[int]) -> AsyncIterator[Step]:
    for number in calls:
        await callers.grow(number)
        await asyncio.sleep(SETTLE)
        began, used, waited, other = time.monotonic(), server.cpu_seconds(), server.waited_seconds(), mistral.cpu_seconds()
        measuring = asyncio.create_task(callers.measure(CYCLE))
        await asyncio.sleep(CYCLE)
        took = time.monotonic() - began
        used, waited, other = (
            (now - then) / took
            for now, then in (
                (server.cpu_seconds(), used),
                (server.waited_seconds(), waited),
                (mistral.cpu_seconds(), other),
            )
        )
        yield _step(await measuring, server, await server.tasks(), used, waited, other)


def _step(heard: Heard, server: Program, tasks: int, cpu: float, waited: float, stand_in: float) -> Step:
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
        tasks=tasks,
        threads=server.threads(),
        callers=heard.share,
        stand_in=stand_in,
        waited=waited,
        sent_late=heard.sent_late,
    )


def knee(steps: Sequence[Step]) -> int:
    """The greatest number of calls that was carried, with all smaller ones; 0 when not even the first was."""
    carried = 0
    for step in steps:
        if not step.carried:
            break
        carried = step.calls
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
    missing = 60 * many.missing / max(many.spoken, 1e-9)
    found = [
        Figure(f"{name}: calls on one core, 99 % of packets less than 20 ms late", "", [knee(steps)], least=30),
        Figure(f"{name}, {with_calls}: 99th percentile of lateness", "ms", [1000 * many.late_p99], worst_bar=1000 * LATE),
        Figure(
            f"{name}, {with_calls}: sound missing inside replies", "ms in a minute", [60_000 * many.missing / max(many.spoken, 1e-9)], worst_bar=0
        ),
        Figure(f"{name}, {with_calls}: CPU per call", "% of a core", [100 * many.cpu / many.calls]),
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
        f"and other programs kept the server from its core for {1000 * last.waited:.1f} ms a second."
    )


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{name: rounded(value) if isinstance(value, float) else value for name, value in asdict(step).items()} for step in steps]


def from_json(found: Sequence[dict[str, Any]]) -> list[Step]:
    return [Step(**each) for each in found]
