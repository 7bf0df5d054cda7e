"""Which core does what: the server under measurement has one to itself; callers, stand-in and this harness have the rest."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def pin(pid: int, *, server: bool) -> None:
    """Keep a process that has just been started, and all threads that it will have, on its cores. On a machine with one core everything shares it."""
    first, *rest = sorted(_ALL)
    os.sched_setaffinity(pid, {first} if server or not rest else set(rest))


def description() -> str:
    """What it was measured on, in a line."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{len(_ALL)} cores ({names[0] if names else platform.machine()}), Linux {platform.release()}, Python {platform.python_version()}"


_ALL = os.sched_getaffinity(0)
"""The cores that were given to the harness, before it pinned itself."""
