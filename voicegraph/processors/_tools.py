"""What one reply does with tools: says that it takes a moment, runs them side by side, and tells the page and the history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from voicegraph.core.toolcalls import Message, ToolCall, told
from voicegraph.frames import Event, Turn
from voicegraph.graph.ports import Outlet
from voicegraph.graph.processor import Call
from voicegraph.processors._writing import Writing
from voicegraph.tools.toolbox import Toolbox

CUT_OFF = "The caller interrupted while it ran. What came of it is not known."
SHOWN = 2000
"""Characters of a result that the page is told."""

Remember = Callable[[Sequence[Message], bool], None]
"""Takes all calls and results of the reply so far, and whether any of them changed something in the world."""


class ToolUse:
    """The tools of one reply. A tool with effects waits until the turn is certain; the same call of it is made once, however often the model asks."""

    def __init__(self, toolbox: Toolbox, turn: Turn, call: Call, events: Outlet[Event], remember: Remember) -> None:
        self._toolbox = toolbox
        assert turn.epoch is not None, "the floor numbers every turn"
        self._epoch = turn.epoch
        self._language = turn.language
        self._call = call
        self._events = events
        self._remember = remember
        self._rounds: list[tuple[Sequence[ToolCall], list[str]]] = []
        self._begun: dict[tuple[str, str], asyncio.Future[str]] = {}
        """Calls with effects, by name and arguments, with what will come of them."""

    async def run(self, calls: Sequence[ToolCall], writing: Writing) -> Sequence[str]:
        """What came of each, in words for the model. Cancelled with whoever awaits it."""
        if writing.at == 0 and (filler := self._toolbox.filler(calls, self._language)):
            await writing.write(f"{filler} ")
        results = [CUT_OFF] * len(calls)
        self._rounds.append((calls, results))
        with self._call.replies.work(self._epoch):
            async with asyncio.TaskGroup() as group:
                for place, call in enumerate(calls):
                    group.create_task(self._fill(results, place, call))
        return results

    async def _fill(self, results: list[str], place: int, call: ToolCall) -> None:
        results[place] = await (self._once(call) if self._toolbox.has_effects(call) else self._run(call))
        self._note()

    async def _once(self, call: ToolCall) -> str:
        await self._call.commit(self._epoch)
        same = (call.name, _canonical(call.arguments))
        if same in self._begun:
            return await asyncio.shield(self._begun[same])
        self._begun[same] = result = asyncio.get_running_loop().create_future()
        self._note()  # before it is done: an interruption must not make the agent forget that it was begun
        came = await self._run(call)
        result.set_result(came)
        return came

    async def _run(self, call: ToolCall) -> str:
        named = {"function_name": call.name, "tool_call_id": call.id}
        self._tell("started", function_name=call.name)
        self._tell("in-progress", **named, arguments=_object(call.arguments))
        try:
            result = await self._toolbox.run(call)
        except asyncio.CancelledError:
            if self._call.replies.unsettled == self._epoch:  # the page knows of it, and frames of the reply do not get there any more
                self._events.send(Event(kind="llm-function-call-stopped", data={**named, "cancelled": True}))
            raise
        self._tell("stopped", **named, cancelled=False, result=result[:SHOWN])
        return result

    def _note(self) -> None:
        messages = [message for calls, results in self._rounds for message in told(calls, results, "")]
        self._remember(messages, bool(self._begun))

    def _tell(self, state: str, **data: Any) -> None:
        self._events.send(Event(epoch=self._epoch, kind=f"llm-function-call-{state}", data=data))


def _object(arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _canonical(arguments: str) -> str:
    """The same for the same arguments, however they are written."""
    return json.dumps(_object(arguments), sort_keys=True)
