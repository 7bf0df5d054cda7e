from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from voicegraph.testing.mistral import MistralServer

Call = Callable[..., AbstractAsyncContextManager[Any]]


async def test_it_does_things_without_a_key(call: Call) -> None:
    async with MistralServer() as server, call("tools", server) as caller:
        await caller.until(lambda: bool(caller.messages("bot-stopped-speaking")))
        await caller.type("What time is it in Tokyo?")
        assert re.fullmatch(r"In Tokyo it is \d\d:\d\d\.", caller.heard[-1])
        await caller.type("Order a coffee, please.")
        await caller.until(lambda: caller.heard[-2:] == ["One moment, I'll tell the kitchen.", "Ordered: 1 coffee."])
        assert [data["function_name"] for data in caller.messages("llm-function-call-stopped")] == ["time_in", "order"]
