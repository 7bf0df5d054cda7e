"""Moderation: `POST /v1/chat/moderations`, and the guardrails of a chat request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from aiohttp import web

from voicegraph.core.moderation import Category
from voicegraph.testing.mistral.refusals import missing
from voicegraph.testing.mistral.stream import WholeAnswer
from voicegraph.testing.mistral.visit import Visit

FLAG = 0.5
"""The score from which on `categories` says true; the hosted service has thresholds of its own."""

Scores = Callable[[str], Mapping[str, float]]


async def moderation(visit: Visit) -> web.StreamResponse:
    """Serve one request: the last message of each conversation is judged. Raises Refusal."""
    for required in ("model", "input"):
        if required not in visit.body:
            raise missing(required)
    visit.opened()
    answer = WholeAnswer(visit)
    await answer.open()
    await asyncio.sleep(visit.delays.moderation)
    conversations = visit.body["input"]
    if conversations and isinstance(conversations[0], dict):
        conversations = [conversations]
    results = [_result(visit.script.scores, messages) for messages in conversations]
    await answer.send({"id": visit.name, "model": visit.body["model"], "results": results})
    visit.finish()
    return answer.response


def blocked_by(guardrails: Sequence[Mapping[str, Any]] | None, scores: Scores, messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last message reaches a threshold of one of the guardrails."""
    found = scores(str(messages[-1].get("content", "")))
    configs = [each.get("moderation_llm_v2") or {} for each in guardrails or ()]
    return any(
        found.get(category, 0.0) >= threshold
        for config in configs
        for category, threshold in (config.get("custom_category_thresholds") or {}).items()
    )


def _result(scores: Scores, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = dict.fromkeys(get_args(Category), 0.0) | dict(scores(str(messages[-1].get("content", ""))))
    return {"category_scores": found, "categories": {category: score >= FLAG for category, score in found.items()}}
