import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiortc import RTCDataChannel
from pyee.asyncio import AsyncIOEventEmitter

from voicegraph.graph.line import Message
from voicegraph.rtc.chat import BACKLOG, BURST, EARLY, MAX_MESSAGE, Budget, Chat


class Channel(AsyncIOEventEmitter):
    """The server's end of a data channel, without a network."""

    def __init__(self, label: str = "chat") -> None:
        super().__init__()
        self.label = label
        self.readyState = "open"
        self.bufferedAmount = 0
        self.limit = 65_536
        self.sent: list[dict[str, Any]] = []

    def send(self, text: str) -> None:
        if len(text) > self.limit:
            raise ValueError(f"Cannot send message of {len(text)} bytes")
        self.sent.append(json.loads(text))

    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]


class Signs:
    def __init__(self) -> None:
        self.seen = 0
        self.left = 0

    def see(self) -> None:
        self.seen += 1

    def leave(self) -> None:
        self.left += 1


READY = json.dumps({"id": "42", "label": "rtvi-ai", "type": "client-ready", "data": {"version": "2.1.0", "about": {}}})


def text(type: str) -> str:
    return json.dumps({"id": "1", "label": "rtvi-ai", "type": type})


@pytest.fixture
def signs() -> Signs:
    return Signs()


@pytest.fixture
def attach() -> Callable[[Chat, Channel], None]:
    def attach(chat: Chat, channel: Channel) -> None:
        stand_in: Any = channel
        as_channel: RTCDataChannel = stand_in
        chat.attach(as_channel)

    return attach


@pytest.fixture
async def chat(signs: Signs) -> Chat:
    return Chat({"library": "voicegraph"}, "", signs.see, signs.leave)


Attach = Callable[[Chat, Channel], None]


async def test_the_handshake_is_answered_with_the_same_id(chat: Chat, attach: Attach) -> None:
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", READY)
    assert channel.sent == [{"label": "rtvi-ai", "type": "bot-ready", "id": "42", "data": {"version": "2.1.0", "about": {"library": "voicegraph"}}}]


async def test_messages_wait_for_the_handshake_and_keep_their_order(chat: Chat, attach: Attach) -> None:
    channel = Channel()
    chat.tell({"type": "one"})
    attach(chat, channel)
    chat.tell({"type": "two"})
    assert channel.sent == []
    channel.emit("message", READY)
    chat.tell({"type": "three"})
    assert channel.types() == ["bot-ready", "one", "two", "three"]


async def test_after_a_restart_nothing_waits_for_a_handshake(signs: Signs, attach: Attach) -> None:
    chat, channel = Chat({}, "2.1.0", signs.see, signs.leave), Channel()
    chat.tell({"type": "one"})
    attach(chat, channel)
    assert channel.types() == ["one"]


async def test_an_old_client_is_spoken_to_in_its_own_version(chat: Chat, attach: Attach) -> None:
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", READY.replace("2.1.0", "1.2.0"))
    chat.tell({"type": "bot-tts-text", "data": {"text": "Hello."}})
    assert channel.types() == ["bot-ready", "bot-tts-text", "bot-output"]
    assert chat.version == "1.2.0"


async def test_the_backlog_is_bounded(chat: Chat, attach: Attach) -> None:
    channel = Channel()
    for n in range(BACKLOG + 5):
        chat.tell({"type": "x", "n": n})
    attach(chat, channel)
    channel.emit("message", READY)
    assert [message.get("n") for message in channel.sent[1:]] == list(range(5, BACKLOG + 5))


async def test_a_keep_alive_is_a_sign_of_life_and_nothing_else(chat: Chat, signs: Signs, attach: Attach) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    chat.obey(taken.append)
    channel.emit("message", "ping: 12345")
    assert signs.seen == 1
    assert (taken, channel.sent) == ([], [])


async def test_other_messages_are_handed_on_also_those_from_before(chat: Chat, attach: Attach) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    channel.emit("message", text("early"))
    chat.obey(taken.append)
    channel.emit("message", text("late"))
    channel.emit("message", json.dumps({"type": "signalling", "message": {"type": "trackStatus", "receiver_index": 0, "enabled": True}}))
    assert [message["type"] for message in taken] == ["early", "late", "signalling"]


async def test_what_nobody_obeys_does_not_pile_up(chat: Chat, attach: Attach) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    for _ in range(EARLY + 20):
        channel.emit("message", text("x"))
    chat.obey(taken.append)
    assert len(taken) == EARLY


async def test_the_client_can_leave(chat: Chat, signs: Signs, attach: Attach) -> None:
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", text("disconnect-bot"))
    assert signs.left == 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [("{", "not JSON"), (b"\x00", "not binary"), ("x" * (MAX_MESSAGE + 1), "longer than"), ('{"type":"client-ready"}', "label")],
)
async def test_a_bad_message_is_answered_and_the_call_goes_on(chat: Chat, attach: Attach, sent: str | bytes, sentence: str) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    chat.obey(taken.append)
    channel.emit("message", READY)
    channel.emit("message", sent)
    [error] = channel.sent[1:]
    assert error["type"] == "error"
    assert sentence in error["data"]["error"]
    assert error["data"]["fatal"] is False
    channel.emit("message", text("next"))
    assert [message["type"] for message in taken] == ["next"]


async def test_a_flood_is_cut_and_scolded_once(chat: Chat, attach: Attach) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    chat.obey(taken.append)
    channel.emit("message", READY)
    for _ in range(5 * BURST):
        channel.emit("message", text("x"))
    assert BURST - 1 <= len(taken) < 2 * BURST
    assert channel.types().count("error") < 2 * BURST
    assert "Too many messages" in channel.sent[1]["data"]["error"]


async def test_a_client_that_does_not_read_costs_no_memory(chat: Chat, attach: Attach) -> None:
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", READY)
    channel.bufferedAmount = 1 << 30
    chat.tell({"type": "x"})
    assert channel.types() == ["bot-ready"]


async def test_a_message_that_is_too_long_for_the_client_is_left_out(chat: Chat, attach: Attach, caplog: pytest.LogCaptureFixture) -> None:
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", READY)
    chat.tell({"type": "novel", "words": "x" * 70_000})
    chat.tell({"type": "next"})
    assert channel.types() == ["bot-ready", "next"]
    assert "'novel' was not sent" in caplog.text


async def test_a_channel_of_another_name_is_not_ours(chat: Chat, attach: Attach) -> None:
    other = Channel("files")
    attach(chat, other)
    other.emit("message", READY)
    assert other.sent == []


async def test_the_reason_comes_last_and_then_nothing(chat: Chat, attach: Attach) -> None:
    channel, taken = Channel(), list[Message]()
    attach(chat, channel)
    chat.obey(taken.append)
    channel.emit("message", READY)
    finishing = asyncio.create_task(chat.finish("Goodbye."))
    await asyncio.sleep(0)
    channel.emit("close")
    await finishing
    chat.tell({"type": "late"})
    channel.emit("message", text("late"))
    assert channel.sent[1:] == [
        {"label": "rtvi-ai", "type": "server-message", "data": {"t": "call-ended", "d": {"reason": "Goodbye."}}},
        {"type": "signalling", "message": {"type": "peerLeft"}},
    ]
    assert taken == []


async def test_a_connection_that_another_has_replaced_says_nothing(chat: Chat, attach: Attach) -> None:
    """The SDK takes a `peerLeft` for the call's, whichever channel it came over."""
    channel = Channel()
    attach(chat, channel)
    channel.emit("message", READY)
    await chat.finish("")
    assert channel.types() == ["bot-ready"]


async def test_a_client_may_open_the_channel_anew(chat: Chat, attach: Attach) -> None:
    former, new = Channel(), Channel()
    attach(chat, former)
    former.emit("message", READY)
    attach(chat, new)
    former.emit("close")
    chat.tell({"type": "x"})
    assert new.types() == ["x"]


def test_a_budget_allows_a_burst_and_then_its_rate() -> None:
    budget = Budget(rate=10, burst=3)
    assert [budget.spend(0.0) for _ in range(4)] == [True, True, True, False]
    assert [budget.spend(0.1) for _ in range(2)] == [True, False]
    assert [budget.spend(100.0) for _ in range(4)] == [True, True, True, False]
