from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from voicegraph.testing.mistral import Delays, MistralServer, Script

ClientOf = Callable[..., Mistral]
SCRIPT = Script(scores=lambda text: {"law": 0.7} if "sue" in text else {})
USER: Any = [{"role": "user", "content": "I will sue you"}]


async def test_the_last_message_is_scored_in_every_category(client_of: ClientOf) -> None:
    async with MistralServer(SCRIPT, Delays(moderation=0.0)) as server:
        answer = await client_of(server.url).classifiers.moderate_chat_async(inputs=USER, model="mistral-moderation-2603")
    scores, flags = answer.results[0].category_scores or {}, answer.results[0].categories or {}
    assert (len(scores), scores["law"], scores["pii"], flags["law"], flags["pii"]) == (11, 0.7, 0.0, True, False)


@pytest.mark.parametrize(("threshold", "blocked"), [(0.7, True), (0.71, False)])
async def test_a_chat_request_is_stopped_by_its_guardrails(client_of: ClientOf, threshold: float, blocked: bool) -> None:
    rails: Any = [{"block_on_error": True, "moderation_llm_v2": {"custom_category_thresholds": {"law": threshold}, "action": "block"}}]
    async with MistralServer(SCRIPT, Delays(first_token=0.0, per_token=0.0)) as server:
        asking = client_of(server.url).chat.complete_async(model="m", messages=USER, guardrails=rails)
        if not blocked:
            assert (await asking).choices
            return
        with pytest.raises(SDKError) as caught:
            await asking
    assert caught.value.status_code == 403
