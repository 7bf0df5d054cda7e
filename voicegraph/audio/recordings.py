"""Which recording belongs to which call, so that a server can hand a caller their own."""

from __future__ import annotations

import asyncio
from pathlib import Path


class Recordings:
    """One per process (`Host.shared`). What is not kept here is handed out to nobody: callers name calls, never paths."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    def begin(self, call: str, path: Path) -> None:
        """This call is being recorded in this file."""
        self._paths[call] = path

    def end(self, call: str, keep: float) -> None:
        """The call is over; its caller may still have the recording for `keep` seconds. The file itself stays."""
        self._expiries[call] = asyncio.get_running_loop().call_later(keep, self._forget, call)

    def of(self, call: str) -> Path | None:
        """The recording of this call, if there is one to be had (any more)."""
        return self._paths.get(call)

    def _forget(self, call: str) -> None:
        del self._expiries[call], self._paths[call]

    async def close(self) -> None:
        for expiry in self._expiries.values():
            expiry.cancel()
        self._expiries.clear()
        self._paths.clear()
