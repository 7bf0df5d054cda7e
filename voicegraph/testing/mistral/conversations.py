"""Conversations that the service keeps: `POST /v1/conversations`, `/{id}` to go on and `/{id}/restart` to branch, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.chat import tokens_of
from voicegraph.testing.mistral.refusals import bad_request, missing
from voicegraph.testing.mistral.stream import EventStream
from voicegraph.testing.mistral.visit import Visit

Entry = dict[str, Any]
KEPT = web.AppKey("conversations", dict[str, list[Entry]])
"""Conversation id → its entries."""


async def conversations(visit: Visit) -> web.StreamResponse:
    """Serve one request. Raises Refusal."""
    if "inputs" not in visit.body:
        raise missing("inputs")
    id, entries = _branch(visit)
    entries += [{"id": f"entry-{visit.number}-{index}", **entry} for index, entry in enumerate(_entries(visit.body["inputs"]))]
    if any(entry.get("role", "user") not in ("user", "assistant") for entry in entries):
        raise bad_request("An input has the role user or assistant", status=422)
    visit.opened()
    stream = EventStream(visit, named=True)
    await stream.open()
    await _respond(visit, stream, id, entries)
    return stream.response


def _branch(visit: Visit) -> tuple[str, list[Entry]]:
    """The conversation that this request is of, and its entries up to where it goes on; new ones are kept in the same list."""
    kept, former = visit.request.app[KEPT], visit.request.match_info.get("id")
    if former is not None and former not in kept:
        raise bad_request(f"Conversation {former} not found", status=404)
    if former is not None and not visit.request.path.endswith("/restart"):
        return former, kept[former]
    entries: list[Entry] = []
    if former is not None:
        known = [entry["id"] for entry in kept[former]]
        if visit.body.get("from_entry_id") not in known:
            raise bad_request("from_entry_id is no entry of this conversation")
        entries = kept[former][: known.index(visit.body["from_entry_id"]) + 1]
    id = f"conv-{visit.number}"
    kept[id] = entries
    return id, entries


def _entries(inputs: str | Sequence[Entry]) -> Sequence[Entry]:
    return [{"type": "message.input", "role": "user", "content": inputs}] if isinstance(inputs, str) else inputs


async def _respond(visit: Visit, stream: EventStream, id: str, entries: list[Entry]) -> None:
    script, delays = visit.script, visit.delays
    await stream.send({"type": "conversation.response.started", "conversation_id": id})
    if script.sources:
        tool = {"id": f"tool-{visit.number}", "name": "web_search"}
        await stream.send({"type": "tool.execution.started", **tool, "arguments": '{"query": "…"}'})
        await asyncio.sleep(delays.search)
        await stream.send({"type": "tool.execution.done", **tool, "info": {}})
    await asyncio.sleep(delays.first_token)
    answer = {"type": "message.output", "role": "assistant", "id": f"msg-{visit.number}", "content": script.reply(visit.turn, entries)}
    for token in tokens_of(answer["content"]):
        await stream.send(_delta(answer["id"], token))
        await asyncio.sleep(delays.per_token)
    for url, title in script.sources:
        await stream.send(_delta(answer["id"], {"type": "tool_reference", "tool": "web_search", "title": title, "url": url}))
    entries.append(answer)
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "connector_tokens": 0}
    await stream.send({"type": "conversation.response.done", "usage": usage})
    await stream.finish()


def _delta(id: str, content: str | Entry) -> Event:
    return {"type": "message.output.delta", "id": id, "role": "assistant", "content": content, "output_index": 0, "content_index": 0}
