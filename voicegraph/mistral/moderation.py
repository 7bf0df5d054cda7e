"""Moderation by Mistral: before a text goes on, is it one that may?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from voicegraph.core.moderation import Category, too_much
from voicegraph.graph.processor import Share
from voicegraph.graph.settings import ByLanguage, Duration
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.errors import explain, failures, status_of
from voicegraph.mistral.settings import MistralSettings, Threshold

if TYPE_CHECKING:
    from mistralai.client import Mistral
    from mistralai.client.classifiers import Classifiers

log = logging.getLogger(__name__)

UNCHECKED = ("unchecked",)
"""In the place of the categories, where nobody could say."""
BLOCKED = 403
"""The HTTP status of a request that a guardrail stopped."""

Thresholds = Mapping[Category, Threshold]


class ModerationSettings(MistralSettings):
    """What a guard lets through, and what happens to the rest."""

    model: str = "mistral-moderation-2603"
    """The moderation model."""
    block: Annotated[Thresholds, Field(min_length=1)]
    """A threshold per category, from 0 to 1: a score that reaches it stops the text. Categories that are not named stop nothing."""
    say: ByLanguage = "I can't talk about that."
    """What is said in its place; or one text for each language."""
    unchecked: Literal["block", "pass"] = "block"
    """What happens to a text that could not be checked, because Mistral did not answer in time or not at all."""
    limit: Annotated[Duration, Field(gt=0)] = 2.0
    """How long a check may take."""

    async def warm(self, share: Share) -> None:
        await super().warm(share)
        await asyncio.to_thread(lambda: share(MistralClients).get(self.key(), self.base_url).classifiers)


class Guard:
    """Asks the model for one node. `name`: the node's, for the log."""

    def __init__(self, classifiers: Classifiers, settings: ModerationSettings, name: str) -> None:
        self._classifiers = classifiers
        self._settings = settings
        self._name = name

    @classmethod
    async def open(cls, sdk: Mistral, settings: ModerationSettings, name: str) -> Guard:
        return cls(await asyncio.to_thread(lambda: sdk.classifiers), settings, name)  # an import, the first time

    async def objections(self, role: Literal["user", "assistant"], text: str) -> tuple[str, ...]:
        """Why this text may not go on: categories, or UNCHECKED. Nothing: it may."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.limit):
                found = too_much(await self._scores(role, text), settings.block)
        except failures() as problem:
            log.warning("'%s' could not check what was said: %s", self._name, explain(problem).plain)
            found = None
        if found is None:
            return UNCHECKED if settings.unchecked == "block" else ()
        return found

    async def _scores(self, role: str, text: str) -> Mapping[str, float]:
        inputs: Any = [{"role": role, "content": text}]
        answer = await self._classifiers.moderate_chat_async(inputs=inputs, model=self._settings.model)
        return next((result.category_scores or {} for result in answer.results), {})


def guardrails(block: Thresholds) -> list[dict[str, Any]] | None:
    """The same thresholds as a chat request carries them, to be checked by the service itself before its model sees the input."""
    if not block:
        return None
    return [
        {"block_on_error": True, "moderation_llm_v2": {"custom_category_thresholds": dict(block), "ignore_other_categories": True, "action": "block"}}
    ]


def is_blocked(problem: BaseException) -> bool:
    """Whether a request that carried guardrails was stopped by them. A refused key has another status, 401."""
    return status_of(problem) == BLOCKED
