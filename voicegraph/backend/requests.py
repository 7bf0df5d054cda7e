"""A request to an agent's server, and what goes wrong with it in words for a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from voicegraph.core.retrying import PAUSES
from voicegraph.errors import ReplyFailed
from voicegraph.mistral.errors import words_in
from voicegraph.mistral.requests import Opened

if TYPE_CHECKING:
    import httpx2

WHO = "The agent's server"
PASSING = (429, 500, 502, 503, 504)
"""HTTP statuses that another try may mend."""
SPEAKING_FOR_ITSELF = (401, 403, 429)
"""Those, besides 5xx, to which the server's own words add nothing."""


class Refused(ReplyFailed):
    """The server answered with an error."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(_by_status(status), "" if status in SPEAKING_FOR_ITSELF or status >= 500 else said)
        self.status = status


async def opened(http: httpx2.AsyncClient, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Opened:
    """POST, and the head of the answer. Raises Refused for a status that is an error, and what httpx2 raises."""
    import httpx2

    for pause in (*PAUSES, None):
        try:
            response = await http.send(http.build_request("POST", url, headers=dict(headers), json=dict(body)), stream=True)
        except httpx2.ConnectError:
            if pause is None:
                raise
        else:
            if response.is_success:
                return Opened(response)
            said = words_in(await response.aread())
            await response.aclose()
            if pause is None or response.status_code not in PASSING:
                raise Refused(response.status_code, said)
        await asyncio.sleep(pause)
    raise AssertionError("the last try returns or raises")


@contextmanager
def plainly() -> Iterator[None]:
    """Whatever a request raises inside becomes ReplyFailed with a sentence."""
    import httpx2

    try:
        yield
    except (TimeoutError, httpx2.TimeoutException) as problem:
        raise ReplyFailed(f"{WHO} did not answer in time.") from problem
    except (httpx2.ConnectError, httpx2.InvalidURL) as problem:
        raise ReplyFailed(f"{WHO} cannot be reached: check base_url, and that it is running.") from problem
    except (httpx2.HTTPError, httpx2.StreamError) as problem:
        raise ReplyFailed(f"The connection to the agent's server was lost ({type(problem).__name__}).") from problem


def _by_status(status: int) -> str:
    if status in (401, 403):
        return f"{WHO} refused the key: check api_key and headers."
    if status in (404, 410):
        return f"{WHO} knows no such address, model or id: check base_url and the options."
    if status == 429:
        return f"{WHO} takes no more requests at the moment."
    if status >= 500:
        return f"{WHO} has a problem of its own (status {status})."
    return f"{WHO} refused the request (status {status})."
