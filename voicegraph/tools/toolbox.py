"""All tools of one agent: what its model is offered, and running what it asks for."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic_core import from_json

from voicegraph.core.toolcalls import ToolCall
from voicegraph.errors import ToolFailed
from voicegraph.graph.processor import Share
from voicegraph.graph.report import did_you_mean
from voicegraph.graph.settings import in_language
from voicegraph.tools import functions, http
from voicegraph.tools.offer import Arguments, Offer, shortened
from voicegraph.tools.settings import ToolSettings
from voicegraph.web import WebClient

log = logging.getLogger(__name__)


class Toolbox:
    """The offers by name."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._offers = {offer.name: offer for offer in offers}

    def schemas(self) -> list[dict[str, Any]]:
        """As chat completions take them."""
        return [offer.schema() for offer in self._offers.values()]

    def has_effects(self, call: ToolCall) -> bool:
        """Whether it must wait until the turn is certain. A tool that is not there has none."""
        return call.name in self._offers and self._offers[call.name].effects

    def filler(self, calls: Sequence[ToolCall], language: str | None) -> str:
        """What to say while these run."""
        fillers = (in_language(self._offers[call.name].filler, language) for call in calls if call.name in self._offers)
        return next(filter(None, fillers), "")

    async def run(self, call: ToolCall) -> str:
        """What came of it, in words for the model. Whatever goes wrong is such words too: nothing is raised but a cancellation."""
        offer = self._offers.get(call.name)
        if offer is None:
            return f"There is no tool '{call.name}'{did_you_mean(call.name, self._offers)}."
        try:
            arguments = _arguments(call, offer)
            async with asyncio.timeout(offer.timeout) as limit:
                return shortened(await offer.run(arguments))
        except ToolFailed as problem:
            return f"Failed. {problem}"
        except TimeoutError as problem:
            return _too_long(offer) if limit.expired() else _broken(offer, problem)
        # Somebody's tool: its mistake is the model's to tell and the log's to name, and must not end the call.
        except Exception as problem:  # noqa: BLE001
            return _broken(offer, problem)


def offers(tools: Mapping[str, ToolSettings], share: Share) -> list[Offer]:
    """The tools that a graph names."""
    return [_offer(name, tool, share) for name, tool in tools.items()]


def _offer(name: str, tool: ToolSettings, share: Share) -> Offer:
    run = partial(_request, tool, share(WebClient)) if tool.http else partial(_call, tool, share(functions.ToolThreads))
    return Offer(name, tool.description(), tool.taken(), run, tool.timeout, tool.filler, tool.effects)


async def _call(tool: ToolSettings, threads: functions.ToolThreads, arguments: Arguments) -> str:
    assert tool.call is not None
    return await functions.call(tool.call, arguments, threads.pool)


async def _request(tool: ToolSettings, web: WebClient, arguments: Arguments) -> str:
    assert tool.http is not None
    return await http.request(tool.http, arguments, web)


def _arguments(call: ToolCall, offer: Offer) -> Arguments:
    try:
        arguments = from_json(call.arguments or "{}")
    except ValueError as problem:
        raise ToolFailed("Its arguments are no JSON.") from problem
    if not isinstance(arguments, Mapping):
        raise ToolFailed("Its arguments are no JSON object.")
    if missing := [name for name in offer.parameters.get("required", ()) if name not in arguments]:
        raise ToolFailed(f"Wrong arguments: {missing[0]} is missing.")
    return arguments


def _too_long(offer: Offer) -> str:
    unknown = " It is not known whether it was done." if offer.effects else ""
    return f"Failed. It took longer than {offer.timeout:g} s.{unknown}"


def _broken(offer: Offer, problem: Exception) -> str:
    """Without the exception's own text, which may hold the caller's words."""
    frames = traceback.extract_tb(problem.__traceback__)
    log.warning("The tool '%s' failed: %s in %s, line %s", offer.name, type(problem).__name__, frames[-1].filename, frames[-1].lineno)
    return f"Failed ({type(problem).__name__})."
