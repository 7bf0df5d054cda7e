"""What a worker process is told before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Setup:
    """name: for the log. graphs, default, why, folder: of its Catalogue. udp_ports: the first and the last, None for any.

    resume_key, resume_limit: of its Tokens. log_level: of voicegraph's own logger.
    """

    name: str
    graphs: Mapping[str, Path]
    default: str
    why: str
    folder: Path | None
    ice_servers: Sequence[Mapping[str, Any]]
    public_addresses: Sequence[str]
    udp_ports: tuple[int, int] | None
    resume_key: str
    resume_limit: float
    log_level: int


SETUP = TypeAdapter(Setup)
