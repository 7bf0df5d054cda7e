"""Chat: `POST /v1/chat/completions`, streamed or not."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.moderation import blocked_by
from voicegraph.testing.mistral.refusals import bad_request, missing
from voicegraph.testing.mistral.stream import EventStream, WholeAnswer
from voicegraph.testing.mistral.visit import Visit


async def chat(visit: Visit) -> web.StreamResponse:
    """Serve one request. Raises Refusal."""
    for required in ("model", "messages"):
        if required not in visit.body:
            raise missing(required)
    if any(message.get("prefix") for message in visit.body["messages"][:-1]):
        raise bad_request("Assistant message with prefix True must be last message")
    if blocked_by(visit.body.get("guardrails"), visit.script.scores, visit.body["messages"]):
        raise bad_request("Request blocked by guardrails", status=403)
    visit.opened()
    if visit.body.get("tools") and visit.body.get("tool_choice") != "none" and (calls := visit.script.calls(visit.body["messages"])):
        return await _calling(visit, calls)
    reply = visit.script.reply(visit.turn, visit.body["messages"])
    return await (_streamed(visit, reply) if visit.body.get("stream") else _whole(visit, reply))


def tokens_of(reply: str) -> list[str]:
    """A reply in pieces, which are words with the space before them."""
    return re.findall(r"\s*\S+|\s+$", reply)


def _head(visit: Visit) -> Event:
    return {"id": visit.name, "object": "chat.completion.chunk", "created": int(time.time()), "model": visit.body["model"]}


async def _calling(visit: Visit, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> web.StreamResponse:
    """As the hosted API: all calls in one event, which is also the last."""
    stream = EventStream(visit, named=False)
    await stream.open()
    await asyncio.sleep(visit.delays.first_token)
    await stream.send({**_head(visit), "choices": [_choice({"role": "assistant", "content": ""})]})
    wanted = [
        {"id": f"call{visit.number}x{index}", "index": index, "function": {"name": name, "arguments": json.dumps(arguments)}}
        for index, (name, arguments) in enumerate(calls)
    ]
    await stream.send({**_head(visit), "choices": [_choice({"content": "", "tool_calls": wanted}, finish_reason="tool_calls")]})
    await stream.finish("[DONE]")
    return stream.response


async def _streamed(visit: Visit, reply: str) -> web.StreamResponse:
    head = _head(visit)
    stream = EventStream(visit, named=False)
    loop = asyncio.get_running_loop()
    start = loop.time() + visit.delays.first_token
    await stream.open()
    await asyncio.sleep(start - loop.time())
    await stream.send({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
    for index, token in enumerate(tokens_of(reply)):
        await asyncio.sleep(start + index * visit.delays.per_token - loop.time())
        await stream.send({**head, "choices": [_choice({"content": token})]})
    await stream.send({**head, "choices": [_choice({"content": ""}, finish_reason="stop")], "usage": _usage(visit.body["messages"], reply)})
    await stream.finish("[DONE]")
    return stream.response


async def _whole(visit: Visit, reply: str) -> web.StreamResponse:
    answer = WholeAnswer(visit)
    await answer.open()
    await asyncio.sleep(visit.delays.first_token + len(tokens_of(reply)) * visit.delays.per_token)
    message = {"role": "assistant", "content": reply, "tool_calls": None, "prefix": False}
    completion = {
        "id": visit.name,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": visit.body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _usage(visit.body["messages"], reply),
    }
    await answer.send(completion)
    visit.finish()
    return answer.response


def _choice(delta: Event, finish_reason: str | None = None) -> Event:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _usage(messages: list[dict[str, Any]], reply: str) -> Event:
    prompt = sum(len(str(message.get("content", "")).split()) for message in messages)
    completion = len(tokens_of(reply))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
