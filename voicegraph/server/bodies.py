"""The bodies of the signalling requests, as the SmallWebRTC clients write them, checked before anything is made of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicegraph.errors import BadRequest
from voicegraph.server.resume import MAX_TOKEN

BODY_LIMIT = 10.0
"""Seconds that a request's body may take."""
OVER = "That call is over, or it never was: start a new one."


class Body(BaseModel):
    """Clients may send more than is read here; types are exact, so that `"no"` is not taken for a boolean."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Choice(Body):
    """What an application chooses for its call. Travels in `body` of /start, or in `requestData` of an offer."""

    graph: str | None = Field(default=None, max_length=200)
    draft: str | None = Field(default=None, max_length=60_000)
    """The text to take for the graph's file, in developer mode."""
    resume: str | None = Field(default=None, max_length=MAX_TOKEN)
    """A token of an earlier call, to go on from."""
    settings: dict[str, Any] | None = Field(default=None, max_length=50)
    """`node.option` → value, of what the graph's `allow:` lets a client set."""

    def with_wishes(self, later: Choice) -> Choice:
        """With what the offer itself chooses in place of what /start chose."""
        return self.model_copy(update=later.model_dump(exclude_none=True))


class Text(Body):
    """`POST /check` and `PUT /graphs/{name}/source`. `name`: whose file the text is to become."""

    yaml: str = Field(max_length=60_000)
    name: str | None = Field(default=None, max_length=64)


class Start(Body):
    """`POST /start`"""

    body: Choice | None = None

    @property
    def choice(self) -> Choice:
        """What is asked for; nothing, when nothing was said."""
        return self.body or Choice()


class Offer(Body):
    """`POST …/api/offer`. `pc_id` names the client's peer connection, once it has one; `restart_pc` replaces it by a new one in the same call."""

    sdp: str = Field(min_length=1, max_length=60_000)
    type: Literal["offer"]
    pc_id: str | None = None
    restart_pc: bool = False
    request_data: Choice | None = Field(default=None, alias="requestData")

    @property
    def choice(self) -> Choice:
        """What the offer itself asks for; nothing, when nothing was said."""
        return self.request_data or Choice()


@dataclass(frozen=True, slots=True)
class Answer:
    """To an offer: the SDP, and the name by which the client calls this peer connection from now on."""

    sdp: str
    pc_id: str


class Candidate(Body):
    """One trickled ICE candidate; an empty one ends the list."""

    candidate: str = Field(max_length=1000)
    sdp_mid: str | None = Field(default=None, max_length=64)
    sdp_mline_index: int | None = Field(default=None, ge=0, le=64)


class Candidates(Body):
    """`PATCH …/api/offer`"""

    pc_id: str
    candidates: list[Candidate] = Field(max_length=100)


B = TypeVar("B", bound=Body)


async def read(request: web.Request, kind: type[B], *, optional: bool = False) -> B:
    """The request's JSON as `kind`; with `optional` nothing at all stands for `{}`. Raises BadRequest with a sentence that names the place."""
    if request.content_type != "application/json":  # also what makes a browser ask before another site's page may call
        raise BadRequest(f"The body must be sent as application/json, not as {request.content_type}.", 415)
    raw = await _raw(request)
    if optional and not raw:
        raw = b"{}"
    try:
        return kind.model_validate_json(raw)
    except ValidationError as problem:
        raise BadRequest(_sentence(problem)) from problem


async def _raw(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_LIMIT):
            return await request.read()
    except TimeoutError as problem:
        raise BadRequest(f"The body did not come within {BODY_LIMIT:g} s.", 408) from problem
    except (HttpProcessingError, web.RequestPayloadError) as problem:
        raise BadRequest("The body is not encoded as its Content-Encoding says, or it is cut off.") from problem


def _sentence(problem: ValidationError) -> str:
    first: dict[str, Any] = dict(problem.errors(include_url=False, include_context=False, include_input=False)[0])
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return f"The body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}."
    if not place:
        return "The body must be a JSON object."
    if first["type"] == "missing":
        return f"'{place}' is missing."
    return f"'{place}' does not fit: {first['msg'][:1].lower()}{first['msg'][1:]}."
