"""Which recording belongs to which call, so that a server can hand a caller their own."""

from __future__ import annotations

import asyncio
from pathlib import Path


class Recordings:
    """One per process (`Host.shared`). What is not kept here is handed out to nobody: callers name calls, never paths."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._expiries: set[asyncio.TimerHandle] = set()

    def begin(self, call: str, path: Path) -> None:
        """This call is being recorded in this file."""
        self._paths[call] = path

    def end(self, call: str, keep: float) -> None:
        """The call is over; its caller may still have the recording for `keep` seconds. The file itself stays."""
        expiry = asyncio.get_running_loop().call_later(keep, lambda: self._forget(call, expiry))
        self._expiries.add(expiry)

    def of(self, call: str) -> Path | None:
        """The recording of this call, if there is one to be had (any more)."""
        return self._paths.get(call)

    def _forget(self, call: str, expiry: asyncio.TimerHandle) -> None:
        self._expiries.discard(expiry)
        self._paths.pop(call, None)

    async def close(self) -> None:
        for expiry in self._expiries:
            expiry.cancel()
        self._expiries.clear()
        self._paths.clear()
