"""Which core does what: the server under measurement has one to itself; callers, stand-in and this harness have the rest."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def pin(pid: int, *, server: bool) -> None:
    """Keep a process that has just been started, and all threads that it will have, on its cores. On a machine with one core everything shares it."""
    first, *rest = sorted(_ALL)
    os.sched_setaffinity(pid, {first} if server or not rest else set(rest))


def server_core_seconds() -> float:
    """How long the server's core has been at work for programs of any kind, or was held by another machine of the host (Linux, to 10 ms).

    Time in interrupts is left out: it is the traffic's.
    """
    row = next(line.split() for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{min(_ALL)} "))
    user, nice, system, _, _, _, _, stolen = map(int, row[1:9])
    return (user + nice + system + stolen) / os.sysconf("SC_CLK_TCK")


def description() -> str:
    """What it was measured on, in a line."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{len(_ALL)} cores ({names[0] if names else platform.machine()}), Linux {platform.release()}, Python {platform.python_version()}"


_ALL = os.sched_getaffinity(0)
"""The cores that were given to the harness, before it pinned itself."""
