"""The SDK client that all calls of a process share."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from voicegraph.errors import CallFailed
from voicegraph.mistral.sockets import Sockets

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral
    from mistralai.client.utils import RetryConfig

KEY_VARIABLES = ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH")
"""Where the SDK looks for a key itself, when it is given none."""
CONNECTIONS = 1000
"""At once, per client: one per call that waits for an answer. The SDK's own pool refuses the 101st."""
KEPT = 100
"""Idle connections that are kept, each for `KEPT_SECONDS`: the next reply spares itself TCP and TLS."""
KEPT_SECONDS = 60.0
OPERATION_LIMIT = 30.0
"""Seconds for one operation on a socket; the SDK's own limit is five minutes, longer than any caller waits."""
PATIENCE = 1.5
"""Seconds for which a request is tried again after 429, 5xx or a lost connection: soon and seldom, since a caller waits;"""
IMPATIENCE = 0.3
"""and where a stand-in waits to take over."""


def has_key() -> bool:
    """Whether the SDK finds a key by itself: only asked, never shown."""
    return any(map(os.environ.get, KEY_VARIABLES))


class MistralClients:
    """One SDK client per key and base URL, made on first use. One per process: `call.shared(MistralClients)`.

    `sockets` opens and closes the realtime connections of all of them.
    """

    def __init__(self) -> None:
        self._clients: dict[tuple[str | None, str | None, float], tuple[Mistral, httpx2.AsyncClient]] = {}
        self.sockets = Sockets()

    def warm(self) -> None:
        """Import and build what the first call would wait for: about half a second in which the loop stands still; for the server's start."""
        from mistralai.extra import realtime  # noqa: F401

        client = self._get(None, _base_url(None), PATIENCE)
        _ = client.chat, client.audio.realtime, client.audio.realtime_speech

    def get(self, api_key: str | None = None, base_url: str | None = None, patience: float = PATIENCE) -> Mistral:
        """The client for this key and server; by default those of MISTRAL_API_KEY and MISTRAL_BASE_URL.

        patience: seconds for which a request that fails is tried again.
        base_url: of HTTP and WebSocket both, with or without `/v1`. Raises CallFailed when there is no key and the server is Mistral's own.
        """
        base_url = _base_url(base_url)
        if api_key is None and base_url is None and not has_key():
            raise CallFailed("There is no key for Mistral: set MISTRAL_API_KEY, or use a graph that runs without one, such as local.")
        return self._get(api_key, base_url, patience)

    async def close(self) -> None:
        """Close every client and its connections."""
        clients, self._clients = self._clients, {}
        await self.sockets.close()
        for sdk, http in clients.values():
            with sdk:  # its own, synchronous, client
                await http.aclose()

    def _get(self, api_key: str | None, base_url: str | None, patience: float) -> Mistral:
        key = (api_key, base_url, patience)
        if key not in self._clients:
            self._clients[key] = _make(api_key, base_url, patience)
        return self._clients[key][0]


def _make(api_key: str | None, base_url: str | None, patience: float) -> tuple[Mistral, httpx2.AsyncClient]:
    import httpx2
    from mistralai.client import Mistral

    from voicegraph.requestlog import LoggedClient, path

    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=KEPT, keepalive_expiry=KEPT_SECONDS)
    http = LoggedClient(path, limits=limits, follow_redirects=True, event_hooks={"response": [_refusing(patience)]})
    sdk = Mistral(api_key=api_key, server_url=base_url, async_client=http, retry_config=_retries(patience), timeout_ms=round(OPERATION_LIMIT * 1000))
    return sdk, http


def _refusing(patience: float) -> Callable[[httpx2.Response], Awaitable[None]]:
    """The SDK sleeps for as long as an answer asks it to, whatever its own limit says: what asks for more than anyone waits has failed."""
    from httpx2 import HTTPStatusError

    async def refuse(response: httpx2.Response) -> None:
        if response.status_code >= 400 and _wait(response.headers) > patience:
            raise HTTPStatusError(f"status {response.status_code}, to be tried again too late", request=response.request, response=response)

    return refuse


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds after which an answer asks to be tried again: a number or a date (RFC 9110, 10.2.3), or milliseconds as OpenAI has them."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(headers.get(name, "")) * unit
        except ValueError:
            continue
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return 0.0
    return (date - datetime.now(date.tzinfo)).total_seconds()


def _retries(patience: float) -> RetryConfig:
    """For 429 and 5xx: soon and seldom, since a caller waits. Without `jitter_ms` the SDK would add up to a second to each."""
    from mistralai.client.utils import BackoffStrategy, RetryConfig

    backoff = BackoffStrategy(initial_interval=150, max_interval=1000, exponent=2, max_elapsed_time=round(patience * 1000), jitter_ms=100)
    return RetryConfig("backoff", backoff, retry_connection_errors=True)


def _base_url(base_url: str | None) -> str | None:
    """Without the `/v1` that OpenAI's clients want at the end and this SDK adds itself; it does not read MISTRAL_BASE_URL either."""
    url = base_url or os.environ.get("MISTRAL_BASE_URL") or None
    return url.rstrip("/").removesuffix("/v1") if url else None
