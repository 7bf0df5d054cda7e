"""How to serve: what `voicegraph serve` was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_CALLS = 30
DRAIN_LIMIT = 30.0
RESUME_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Options:
    """allow_origins: other sites whose pages may call, `*` for all. ice_servers: as in W3C's RTCConfiguration, for both ends.
    max_calls: of each worker. page: the folder of a page of somebody's own, which then sets its own Content-Security-Policy; None for ours.

    udp_ports: for the calls' sound, of all workers together; None for any. public_addresses: under which these are reached, where the machine's own
    addresses are not it. drain_limit: seconds that calls may go on after SIGTERM. resume_limit: seconds for which a conversation can be taken up.

    dev: developer mode, with the folder in which new graphs are saved; None without. It needs the one worker of the server's own process.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    allow_origins: Sequence[str] = ()
    ice_servers: Sequence[Mapping[str, Any]] = ()
    max_calls: int = MAX_CALLS
    page: Path | None = None
    workers: int = 1
    udp_ports: range | None = None
    public_addresses: Sequence[str] = ()
    drain_limit: float = DRAIN_LIMIT
    resume_limit: float = RESUME_LIMIT
    dev: Path | None = None
