"""The harness itself: that it shows what happened, and that the soak sees it when a promise is broken."""

from __future__ import annotations

import asyncio

import pytest

from voicegraph.frames import ReplyText, Turn
from voicegraph.graph.node import Node
from voicegraph.graph.replies import LiveReplies
from voicegraph.processors.interruption import Interruption
from voicegraph.testing import soak
from voicegraph.testing.conversation import Conversation, converse
from voicegraph.testing.scripted import Answer, ScriptedAgent, ScriptedVoice, Take, loudness


def test_a_conversation_leaves_everything_to_look_at() -> None:
    async def script(call: Conversation) -> None:
        await call.caller.say("What time is it?")
        await call.until_heard()

    call = converse(script)
    assert [turn.text for turn in call.turns] == ["What time is it?"]
    assert [(entry.user, entry.heard.strip()) for entry in call.history] == [("What time is it?", call.heard[0].text.strip())]
    assert call.heard[0].finished
    assert max(int(packet.pcm.max()) for packet in call.sound) == loudness(1)
    assert (call.reason, call.problems) == ("hung up", [])


def test_the_agent_and_the_voice_do_as_they_are_told() -> None:
    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer("One. Two.", delay=1.0)
        call.voice.take = lambda text: Take(delay=0.5)
        await call.caller.say("Count.")
        await call.until_speaking()
        assert call.now == pytest.approx(0.36 + 0.45 + 1.0 + 0.5, abs=0.1)
        await call.until_heard()

    assert converse(script).history[0].heard == "One. Two. "


def test_in_cues_mode_the_model_tells_turns() -> None:
    async def script(call: Conversation) -> None:
        await call.caller.say("What time is it?")
        await call.until_heard()
        assert call.turns[0].text == "What time is it?"

    assert converse(script, cues=True).history


def test_waiting_for_what_does_not_come_ends() -> None:
    async def script(call: Conversation) -> None:
        with pytest.raises(TimeoutError):
            await call.until_heard()
        assert call.now == pytest.approx(30)

    converse(script)


def test_the_same_seed_is_the_same_conversation() -> None:
    assert soak.try_seed(3) == soak.try_seed(3) == []


def broken_promises(seeds: int = 12, first: int = 0) -> str:
    told: list[str] = []
    soak.soak(first, seeds, told.append)
    return " ".join(told)


def test_the_soak_sees_a_voice_that_keeps_half_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedVoice, "reset", lambda self, epoch: None)
    assert "is said to have been heard" in broken_promises(40)


def test_the_soak_sees_frames_of_replies_that_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveReplies, "alive", lambda self, epoch: self.flowing)
    monkeypatch.setattr(Node, "drop", lambda self, epoch: self.processor.reset(epoch))
    assert "over" in broken_promises()


def test_the_soak_sees_sound_before_the_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveReplies, "must_hold", lambda self, epoch: False)
    assert "before it was confirmed" in broken_promises()


def test_the_soak_sees_a_history_that_is_written_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    async def eager(self: ScriptedAgent, turn: Turn) -> None:
        await original(self, turn)
        assert self._present is not None
        self.history.append(self._present)

    original = ScriptedAgent.on_turns
    monkeypatch.setattr(ScriptedAgent, "on_turns", eager)
    assert "answered 2 times" in broken_promises()


def test_the_soak_sees_a_task_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def leaky(self: ScriptedVoice, text: ReplyText) -> None:
        self.leak = asyncio.create_task(asyncio.sleep(1000))  # type: ignore[attr-defined]  # kept, or it would be collected

    monkeypatch.setattr(ScriptedVoice, "_speak", lambda self, text, span, take: leaky(self, text))
    assert "tasks were left" in broken_promises(3)


def test_the_soak_sees_an_effect_that_is_had_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interruption, "committed", lambda self: None)
    assert "was done twice" in broken_promises(60, first=120)  # four of them


def test_the_soak_sees_an_effect_before_the_turn_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: LiveReplies, epoch: int) -> None: ...

    monkeypatch.setattr(LiveReplies, "commit", at_once)
    assert "had its effect before it was confirmed" in broken_promises()
