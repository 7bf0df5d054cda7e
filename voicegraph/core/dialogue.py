"""What an agent remembers of a call: what the caller said, and what the caller really heard of its answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from voicegraph.core.toolcalls import Message as Message

CUT_WORDS = 6
"""How many of the last words that were heard are quoted to say where a reply was cut."""

_OCCASIONS = {
    "greeting": "(The call has just begun.)",
    "reminder": "(The caller says nothing.)",
    "tool": "(A task that you started has finished.)",
    "apology": "(Your answer could not be made.)",
}
_UNHEARD = "…"
"""What stands for an answer after tools of which nothing was heard: a conversation must not go from a tool to the caller."""
_WITHHELD = "(What the caller said here is withheld.)"


@dataclass(slots=True)
class _Exchange:
    reply: int | None
    """Its number in this call; None when it is of an earlier one."""
    caller: str
    agent: str = ""
    """What was heard of the answer, or shown where it is for the screen."""
    cut: bool = False
    """Its answer was not heard to the end."""
    interrupted: bool = False
    """The answer before was cut by the caller."""
    did: Sequence[Message] = ()
    """The calls of tools and their results."""
    lasting: bool = False
    """Whether one of them changed something in the world."""


class Dialogue:
    """The history of one agent. A reply enters it when it has been heard, with what was heard of it; one that nobody heard leaves no trace.

    instructions: the system message ("" for none). turns: how many exchanges are kept.
    """

    def __init__(self, instructions: str, turns: int) -> None:
        self.instructions = instructions
        self._past: deque[_Exchange] = deque(maxlen=turns)
        self._present: _Exchange | None = None

    def ask(self, reply: int, text: str, why: str = "words", interrupted: bool = False) -> list[Message]:
        """The caller's turn that this reply answers, `why` and `interrupted` as in Turn; gives the messages to answer it by. An attempt that was not
        heard is forgotten."""
        self._present = _Exchange(reply, text.strip() or _OCCASIONS.get(why, _WITHHELD), interrupted=interrupted)
        system: list[Message] = [{"role": "system", "content": self.instructions}] if self.instructions else []
        return joined([system, *self.exchanges()])

    def exchanges(self, tools: bool = True) -> list[list[Message]]:
        """The messages of each exchange, the one that is being answered last. tools: with the calls of tools and their results."""
        told = []
        former: _Exchange | None = None
        for exchange in (*self._past, *([self._present] if self._present is not None else [])):
            messages: list[Message] = [{"role": "user", "content": _cut_note(former, exchange.interrupted) + exchange.caller}]
            messages += exchange.did if tools else ()
            if answer := exchange.agent or (_UNHEARD if exchange.did else ""):
                messages.append({"role": "assistant", "content": answer})
            told.append(messages)
            former = exchange
        return told

    def did(self, reply: int, messages: Sequence[Message], lasting: bool) -> None:
        """All that tools did for this reply so far. lasting: some of it cannot be taken back, so it is remembered even when nothing is heard."""
        if self._present is not None and self._present.reply == reply:
            self._present.did, self._present.lasting = tuple(messages), lasting

    def heard(self, reply: int, text: str, samples: int, finished: bool) -> bool:
        """The reply is over: `text` is what was heard of it, in `samples` of sound (none for a reply on the screen). Counts once per reply.

        Whether it enters the history."""
        exchange = self._present
        if exchange is None or exchange.reply != reply:
            return False
        self._present = None
        exchange.agent, exchange.cut = text.strip(), not finished
        enters = bool(exchange.agent or samples or exchange.lasting)
        if enters:
            self._past.append(exchange)
        return enters

    def amend(self, reply: int, text: str) -> bool:
        """The caller's turn that this reply answers was really this. Whether that is new."""
        caller = text.strip()
        for exchange in (*self._past, self._present):
            if exchange is not None and exchange.reply == reply and caller not in ("", exchange.caller):
                exchange.caller = caller
                return True
        return False

    def entries(self) -> list[dict[str, Any]]:
        """The exchanges that are over, JSON-ready, the oldest first."""
        return [_entry(exchange) for exchange in self._past]

    def recall(self, entries: Sequence[Any]) -> None:
        """Begin with the exchanges of an earlier call. Raises ValueError when these are none."""
        self._past.extend([_exchange(entry) for entry in entries])


def _entry(exchange: _Exchange) -> dict[str, Any]:
    did = {"did": list(exchange.did)} if exchange.did else {}
    return {"caller": exchange.caller, "agent": exchange.agent, "cut": exchange.cut, **did}


def _exchange(entry: Any) -> _Exchange:
    match entry:
        case {"caller": str(caller), "agent": str(agent), "cut": bool(cut), **rest}:
            did = rest.get("did", [])
            if isinstance(did, list) and all(isinstance(message, dict) for message in did):
                return _Exchange(None, caller, agent, cut, did=did)
    raise ValueError("an exchange has the texts 'caller' and 'agent', 'cut', and the messages of what tools 'did'")


def joined(exchanges: Iterable[Sequence[Message]]) -> list[Message]:
    """Their messages in a row. The caller's words after words of the caller go into one: many models insist that the roles take turns."""
    messages: list[Message] = []
    for message in chain.from_iterable(exchanges):
        if messages and messages[-1]["role"] == message["role"] == "user":
            messages[-1] = {**message, "content": f"{messages[-1]['content']}\n{message['content']}"}
        else:
            messages.append(message)
    return messages


def _cut_note(former: _Exchange | None, interrupted: bool) -> str:
    """Told in the caller's message: a mark in the agent's own would teach it to write such marks."""
    if former is None or not former.cut:
        return ""
    what = "You were interrupted" if interrupted else "Your answer broke off"
    where = f"nothing after “{' '.join(former.agent.split()[-CUT_WORDS:])}”" if former.agent else "nothing of it"
    return f"({what}: I heard {where}.) "
