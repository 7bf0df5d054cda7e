"""HTTP services as tools: the arguments as JSON, in the query, or in the address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field

from voicegraph.clock import outside
from voicegraph.core.phrases import places
from voicegraph.errors import ToolFailed
from voicegraph.graph.settings import Header, Settings, revealed
from voicegraph.tools.offer import Arguments
from voicegraph.web import WebClient

LARGEST = 256 * 1024
"""Bytes of an answer that are read; a larger one is no answer for a model."""
SAID = 300
"""Characters of an error's body that the model gets."""


def _is_web_address(url: str) -> str:
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError("an address begins with http:// or https:// and a host")
    if places(address.netloc):
        raise ValueError("{…} may stand in the path and the query, not in the host: who is asked is not the model's choice")
    return url


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
"""`https://host/path`; `{name}` in path or query is replaced by that argument."""


class HttpSettings(Settings):
    """A service that is asked."""

    url: WebAddress
    """Its address. {name} in path or query is replaced by that argument."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """GET and DELETE send the arguments in the query, the others as a JSON body."""
    headers: Mapping[str, Header] = Field(default_factory=dict)
    """Sent with each request; what is a key is written ${NAME}."""


async def request(settings: HttpSettings, arguments: Arguments, web: WebClient) -> str:
    """Ask the service; its answer as text. Raises ToolFailed."""
    import httpx2

    in_address = places(settings.url)
    url = settings.url
    for name in in_address:
        url = url.replace(f"{{{name}}}", quote(_plain(arguments.get(name, "")), safe=""))
    rest = {name: value for name, value in arguments.items() if name not in in_address}
    sent: dict[str, Any] = {"json": rest}
    if settings.method in ("GET", "DELETE"):
        sent = {"params": {name: _plain(value) for name, value in rest.items() if value is not None}} if rest else {}
    headers = revealed(settings.headers)
    try:
        with outside():
            async with web.http.stream(settings.method, url, headers=headers, **sent) as response:
                body = await _body(response)
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as problem:
        raise ToolFailed(f"The service cannot be reached ({type(problem).__name__}).") from problem
    if not response.is_success:
        raise ToolFailed(f"The service answered with status {response.status_code}: {body[:SAID] or 'nothing'}")
    return body or "Done."


def _plain(value: Any) -> str:
    """An argument in an address."""
    return value if isinstance(value, str) else json.dumps(value)


async def _body(response: Any) -> str:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise ToolFailed(f"The service's answer is longer than {LARGEST // 1024} KiB.")
    return body.decode("utf-8", errors="replace").strip()
