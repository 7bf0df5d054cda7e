"""An HTTP client whose requests are in the log: what was asked and what came of it; never keys, bodies or queries.

Import it where a client is made: httpx2 takes a moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx2

REQUEST_IDS = ("mistral-correlation-id", "x-kong-request-id", "x-request-id", "request-id", "x-correlation-id")
"""Headers in which an answer says which request it is, to be told to the provider's support."""
LONGEST_ID = 100

log = logging.getLogger(__name__)


def path(url: httpx2.URL) -> str:
    """For servers whose paths are known to hold nothing private."""
    return url.path


def host(url: httpx2.URL) -> str:
    """For all others: a path may hold a key, or what the caller said."""
    return url.host


class LoggedClient(httpx2.AsyncClient):
    """One line for each request that is answered or fails, those that are tried again too. where: what the line tells of the address.

    Otherwise as httpx2.AsyncClient."""

    def __init__(self, where: Callable[[httpx2.URL], str] = host, **options: Any) -> None:
        hooks = options.pop("event_hooks", {})
        super().__init__(**options, event_hooks={**hooks, "response": [self._answered, *hooks.get("response", ())]})
        self._where = where

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            return await super().send(request, **options)
        except httpx2.TransportError as problem:
            log.info("%s %s: failed (%s)", request.method, self._where(request.url), type(problem).__name__)
            raise

    async def _answered(self, response: httpx2.Response) -> None:
        request, headers = response.request, response.headers
        name = next((found[:LONGEST_ID] for header in REQUEST_IDS if (found := headers.get(header))), "unknown")
        log.info("%s %s: status %d, request %s", request.method, self._where(request.url), response.status_code, name)
