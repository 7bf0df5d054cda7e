"""HTTP services as tools: the arguments as JSON, in the query, or in the address."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, WithJsonSchema

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


WebAddress = Annotated[str, AfterValidator(_is_web_address), WithJsonSchema({"type": "string", "format": "uri-template"})]
"""`https://host/path`; `{name}` in path or query is replaced by that argument."""
_SEPARATOR = re.compile(r"[/\\]")
"""Of a path's segments. A backslash is one for browsers and some servers (URL Standard, 4.4)."""


class HttpSettings(Settings):
    """A service that is asked."""

    url: WebAddress
    """Its address. {name} in path or query is replaced by that argument; in the path it stands for one segment, and cannot lead elsewhere."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """GET and DELETE send the arguments in the query, the others as a JSON body."""
    headers: Mapping[str, Header] = Field(default_factory=dict)
    """Sent with each request; what is a key is written ${NAME}."""


async def request(settings: HttpSettings, arguments: Arguments, web: WebClient) -> str:
    """Ask the service; its answer as text. Raises ToolFailed."""
    import httpx2

    in_address = places(settings.url)
    url = _filled(settings.url, arguments)
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


def _filled(url: str, arguments: Arguments) -> str:
    """The address with these arguments. Raises ToolFailed."""
    address = urlsplit(url)
    path = "/".join(_segment(segment, arguments) for segment in address.path.split("/"))
    return urlunsplit(address._replace(path=path, query=_put_in(address.query, arguments)))


def _segment(template: str, arguments: Arguments) -> str:
    """A segment of the path with these arguments. Raises ToolFailed for those that would make it another path.

    The arguments are a model's, and so a caller's, and the request has the operator's key. Percent-encoding does not help: dot segments are removed
    in whatever form (RFC 3986, 5.2.4; URL Standard, 4.4), and servers decode before they look where a path leads, some of them twice.
    """
    if not (named := places(template)):
        return template
    segment = _put_in(template, arguments)
    parts = _SEPARATOR.split(_decoded(segment))
    if len(parts) > len(_SEPARATOR.split(_decoded(template))) or any(part.strip() in ("", ".", "..") for part in parts):
        raise ToolFailed(f"Wrong arguments: {' and '.join(named)} cannot be empty, '.' or '..' and cannot have '/' or '\\' in it.")
    return segment


def _put_in(template: str, arguments: Arguments) -> str:
    for name in places(template):
        template = template.replace(f"{{{name}}}", quote(_plain(arguments.get(name)), safe=""))
    return template


def _decoded(segment: str) -> str:
    while (once := unquote(segment)) != segment:
        segment = once
    return segment


def _plain(value: Any) -> str:
    """An argument in an address; one that is null is left empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


async def _body(response: Any) -> str:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise ToolFailed(f"The service's answer is longer than {LARGEST // 1024} KiB.")
    return body.decode("utf-8", errors="replace").strip()
