"""How a caller's packets find the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reach:
    """ice_servers: as in W3C's RTCConfiguration, `{"urls": …, "username"?, "credential"?}`, for both ends; none where the server is reachable itself.

    public_addresses: IPv4 or IPv6 addresses under which it is reached, in place of the machine's own (sdp.announce).
    """

    ice_servers: Sequence[Mapping[str, Any]] = ()
    public_addresses: Sequence[str] = ()


DIRECT = Reach()
"""At the machine's own addresses."""
