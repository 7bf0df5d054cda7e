import asyncio
from typing import Any

import numpy as np
import pytest

from voicegraph.frames import Command, Interrupt, Muted, PlayoutDelay, Talk, Typed
from voicegraph.processors.webrtc_in import WebrtcIn
from voicegraph.testing.runner import OneNode


def rtvi(type: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": "9", "label": "rtvi-ai", "type": type, "data": data}


def track_status(index: int, enabled: bool) -> dict[str, Any]:
    return {"type": "signalling", "message": {"type": "trackStatus", "receiver_index": index, "enabled": enabled}}


async def test_sound_comes_at_the_rate_of_the_options() -> None:
    async with OneNode(WebrtcIn, {"rate": 16000}) as node:
        node.line.hear(np.ones(320, np.int16), 1.5)
        assert node.line.rate == 16000
        [audio] = node.sent("audio")
        assert (audio.rate, audio.t, audio.pcm.size, audio.epoch) == (16000, 1.5, 320, None)


async def test_a_muted_microphone_is_not_heard_whatever_it_sends() -> None:
    async with OneNode(WebrtcIn) as node:
        for enabled in (False, True):
            node.line.message(track_status(0, enabled))
            node.line.hear(np.ones(320, np.int16), 0.0)
        muted, heard = node.sent("audio")
        assert (muted.pcm.size, muted.pcm.any(), heard.pcm.all()) == (320, False, True)


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (rtvi("send-text", {"content": " Hello. "}), Typed(text="Hello.")),
        (rtvi("send-text", {"content": "a", "options": {"run_immediately": False}}), Typed(text="a", interrupts=False)),
        (rtvi("send-text", {"content": "a", "options": {"audio_response": False}}), Typed(text="a", audible=False)),
        (rtvi("send-text", {"content": "a", "options": None}), Typed(text="a")),
        (rtvi("client-message", {"t": "interrupt"}), Interrupt()),
        (rtvi("client-message", {"t": "talk", "d": {"on": True}}), Talk(on=True)),
        (rtvi("client-message", {"t": "talk", "d": {"on": False}}), Talk(on=False)),
        (rtvi("client-message", {"t": "mute", "d": {"on": True}}), Muted(on=True)),
        (rtvi("client-message", {"t": "playout-delay", "d": {"ms": 85}}), PlayoutDelay(seconds=0.085)),
        (rtvi("client-message", {"t": "playout-delay", "d": {"ms": 0.5}}), PlayoutDelay(seconds=0.0005)),
        (track_status(0, False), Muted(on=True)),
    ],
)
async def test_messages_become_commands(message: dict[str, Any], command: Command) -> None:
    async with OneNode(WebrtcIn) as node:
        node.line.message(message)
        await asyncio.sleep(0)
        assert node.sent("commands") == [command]
        assert "error-response" not in [told["type"] for told in node.line.told]


async def test_a_client_message_is_answered() -> None:
    """The SDK's sendClientRequest() waits for it."""
    async with OneNode(WebrtcIn) as node:
        node.line.message(rtvi("client-message", {"t": "interrupt"}))
        assert node.line.told == [{"id": "9", "label": "rtvi-ai", "type": "server-response", "data": {"t": "interrupt", "d": None}}]
        node.line.message(rtvi("client-message", {"t": "interrupt"}) | {"id": ""})
        node.line.message(rtvi("send-text", {"content": "a"}))
        assert len(node.line.told) == 1


async def test_a_microphone_is_muted_once() -> None:
    async with OneNode(WebrtcIn) as node:
        for enabled in (True, False, False, True):
            node.line.message(track_status(0, enabled))
        await asyncio.sleep(0)
        assert node.sent("commands") == [Muted(on=True), Muted(on=False)]


async def test_the_state_of_a_camera_is_no_matter() -> None:
    async with OneNode(WebrtcIn) as node:
        node.line.message(track_status(1, False))
        await asyncio.sleep(0)
        assert node.sent("commands") == node.line.told == []


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (rtvi("client-message", {"t": "dance"}), "client-message dance"),
        (rtvi("client-message", {"t": "mute", "d": {"on": "yes"}}), "client-message mute"),
        (rtvi("client-message", {}), "client-message"),
        *(
            (rtvi("client-message", {"t": "playout-delay", "d": {"ms": ms}}), "client-message playout-delay")
            for ms in (-1, 5001, float("nan"), float("inf"), True, "85", None)
        ),
        (rtvi("send-text", {"content": "  "}), "send-text"),
        (rtvi("send-text", {"content": "a" * 4001}), "send-text"),
        (rtvi("send-text", {"content": 5}), "send-text"),
        (rtvi("dtmf", {}), "dtmf"),
    ],
)
async def test_what_is_not_known_is_told_back(message: dict[str, Any], named: str) -> None:
    async with OneNode(WebrtcIn) as node:
        node.line.message(message)
        await asyncio.sleep(0)
        [told] = node.line.told
        assert (told["type"], told["id"]) == ("error-response", "9")
        assert f"'{named}'" in told["data"]["error"]
        assert node.sent("commands") == []


async def test_what_is_typed_while_the_call_starts_is_not_lost() -> None:
    class Slow(WebrtcIn):
        async def start(self) -> None:
            await super().start()
            line: Any = self.call.line
            line.message(rtvi("send-text", {"content": "early"}))

    async with OneNode(Slow) as node:
        node.line.message(rtvi("send-text", {"content": "later"}))
        await asyncio.sleep(0)
        assert [typed.text for typed in node.sent("commands")] == ["early", "later"]
