"""HTTP to servers that a graph names: tools, and agents of the user's own."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

CONNECTIONS = 1000
"""At once: one per call that waits for an answer."""
KEPT = 100
"""Idle connections that are kept, each for `KEPT_SECONDS`: the next request spares itself TCP and TLS."""
KEPT_SECONDS = 60.0
OPERATION_LIMIT = 120.0
"""Seconds for one operation on a socket: a net below the limits that whoever asks sets."""


class WebClient:
    """The HTTP client of the process: `call.shared(WebClient).http`. It follows no redirects, which could carry a key to somebody else, and keeps no
    cookies, which would mix callers."""

    def __init__(self) -> None:
        import httpx2

        from voicegraph.requestlog import LoggedClient

        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=KEPT, keepalive_expiry=KEPT_SECONDS)
        self.http: httpx2.AsyncClient = LoggedClient(limits=limits, timeout=OPERATION_LIMIT, follow_redirects=False, cookies=_no_cookies())

    async def close(self) -> None:
        await self.http.aclose()


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
