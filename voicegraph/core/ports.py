"""UDP ports as a range that workers share."""

from __future__ import annotations

import re

LOWEST = 1024


def parse(text: str) -> range:
    """`40000-40199`. Raises ValueError with a sentence."""
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text, re.ASCII)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if not LOWEST <= first <= last <= 65535:
        raise ValueError(f"{text!r} is no range of ports: write the first and the last, such as 40000-40199, between {LOWEST} and 65535")
    return range(first, last + 1)


def shares(ports: range, workers: int) -> list[range]:
    """As many ports for each worker, side by side; what is left over is nobody's."""
    each = len(ports) // workers
    return [ports[n * each : (n + 1) * each] for n in range(workers)]


def too_few(ports: range, workers: int, calls: int) -> str | None:
    """A sentence when there is not a port for each of so many calls per worker."""
    if len(ports) // workers >= calls:
        return None
    each = f" for each of {workers} workers" if workers > 1 else ""
    return (
        f"{len(ports)} UDP ports are too few for {calls} calls{each}: a call needs one, and a second one for a moment when it reconnects. "
        f"Give at least {calls * workers}, better {calls * workers * 3 // 2}, or fewer --max-calls."
    )
