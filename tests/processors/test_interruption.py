"""The floor as a node: facts in, turns out, replies begun and dropped. What it decides is tested in core/test_turns.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import ValidationError

from voicegraph.core.policy import PRESETS
from voicegraph.errors import CallFailed
from voicegraph.frames import (
    Amend,
    Event,
    Heard,
    Interrupt,
    Muted,
    Playing,
    PlayoutDelay,
    Progress,
    Speech,
    Starved,
    Talk,
    Turn,
    TurnCue,
    Typed,
    Words,
)
from voicegraph.graph.processor import Gate
from voicegraph.graph.settings import WRITTEN
from voicegraph.processors._policy import InterruptionSettings
from voicegraph.processors.interruption import Interruption
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.runner import OneNode

Test = Callable[[OneNode], Awaitable[None]]


def run(test: Test, options: dict[str, Any] | None = None) -> None:
    async def main() -> None:
        async with OneNode(Interruption, options) as node:
            await test(node)

    run_virtual(main())


def turns(node: OneNode) -> list[Turn]:
    return node.sent("turns")


def events(node: OneNode, kind: str) -> list[dict[str, Any]]:
    return [dict(event.data) for event in node.sent("events") if isinstance(event, Event) and event.kind == kind]


async def say(node: OneNode, text: str, segment: int = 0) -> int:
    """Say it, be answered, and hear the answer begin; its number."""
    t = node.session.now()
    node.give("speech", Speech(on=True, t=t))
    await asyncio.sleep(1)
    node.give("speech", Speech(on=False, t=t + 0.9))
    node.give("words", Words(segment=segment, text=text, final=True))
    await asyncio.sleep(1)
    epoch = turns(node)[-1].epoch
    assert epoch is not None
    node.give("playout", Playing(reply=epoch, on=True))
    return epoch


def heard(reply: int, samples: int = 100) -> Heard:
    return Heard(reply=reply, text="Well", samples=samples, rate=8000, finished=False, why="interrupted")


def test_a_spoken_turn_goes_to_the_agent_and_is_confirmed() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        assert [(turn.text, turn.why, turn.interrupted) for turn in turns(node)] == [("What time is it?", "words", False)]
        assert node.session.replies.unsettled == epoch

    run(test)


def test_a_turn_is_sent_before_it_is_confirmed() -> None:
    async def test(node: OneNode) -> None:
        node.give("words", Words(segment=0, text="Well.", final=True))
        assert len(turns(node)) == 1
        assert node.session.replies.unsettled is None
        await asyncio.sleep(1)
        assert node.session.replies.unsettled == turns(node)[0].epoch

    run(test)


def test_words_over_the_reply_drop_it_and_are_asked_when_it_is_settled() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.give("words", Words(segment=1, text="No, wait.", final=True))
        assert not node.session.alive(epoch)
        assert node.session.replies.dropped_for == "interrupted"
        await asyncio.sleep(2)
        assert len(turns(node)) == 1
        node.give("playout", heard(epoch))
        assert turns(node)[-1].text == "No, wait."
        assert turns(node)[-1].interrupted

    run(test)


def test_facts_of_a_reply_that_is_over_change_nothing() -> None:
    async def test(node: OneNode) -> None:
        first = await say(node, "What time is it?")
        node.give("commands", Interrupt())
        node.give("playout", heard(first))
        second = await say(node, "And now?", segment=1)
        node.give("playout", Playing(reply=first, on=False), Starved(reply=first))
        assert node.session.alive(second)

    run(test)


def test_a_typed_question_is_asked_at_once() -> None:
    async def test(node: OneNode) -> None:
        node.give("commands", Typed(text="Hi", audible=False))
        (turn,) = turns(node)
        assert (turn.text, turn.why, turn.audible) == ("Hi", "typed", False)

    run(test)


def test_stop_ends_the_reply() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.give("commands", Interrupt())
        assert not node.session.alive(epoch)

    run(test)


def test_the_microphone_switched_off_ends_speech() -> None:
    async def test(node: OneNode) -> None:
        node.give("speech", Speech(on=True, t=0.0))
        node.give("words", Words(segment=0, text="What time is it?", final=True))
        node.give("commands", Muted(on=True))
        await asyncio.sleep(2)
        assert len(turns(node)) == 1
        node.give("commands", Muted(on=False))

    run(test)


def test_the_microphone_switched_off_does_not_pass_for_a_voice_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(node: OneNode) -> None:
        gates: list[Gate] = []
        monkeypatch.setattr(node.processor, "gate", gates.append)
        node.give("commands", Muted(on=True), Muted(on=False), Typed(text="Hi"))
        epoch = turns(node)[0].epoch
        assert epoch is not None
        node.give("playout", Playing(reply=epoch, on=True))
        node.give("words", TurnCue(segment=0, cue="start", t=node.session.now()))
        await asyncio.sleep(0.3)
        assert gates == ["ducked", "paused"]

    run(test)


def test_the_models_turn_events_end_turns() -> None:
    async def test(node: OneNode) -> None:
        node.give("words", TurnCue(segment=0, cue="start", t=0.0), Words(segment=0, text="What time", final=False))
        await asyncio.sleep(1)
        assert turns(node) == []
        node.give("words", TurnCue(segment=0, cue="end", t=0.9))
        assert node.session.replies.unsettled == turns(node)[0].epoch

    run(test)


def test_a_welcome_is_spoken_word_for_word() -> None:
    async def test(node: OneNode) -> None:
        await asyncio.sleep(0)
        (turn,) = turns(node)
        assert (turn.say, turn.why) == ("Hello!", "greeting")

    run(test, {"welcome": "Hello!"})


def test_a_conversation_that_goes_on_is_not_welcomed_again() -> None:
    async def main() -> None:
        node = OneNode(Interruption, {"welcome": "Hello!"})
        node.session.resumed = 2
        async with node:
            await asyncio.sleep(1)
            assert not turns(node)
            await say(node, "Where were we?")
            assert [turn.text for turn in turns(node)] == ["Where were we?"]

    run_virtual(main())


def test_late_final_words_amend_the_turn_of_the_reply() -> None:
    async def test(node: OneNode) -> None:
        node.give("words", Words(segment=0, text="book a flight", final=False))
        await asyncio.sleep(1)
        epoch = turns(node)[0].epoch
        assert epoch is not None
        node.give("playout", Playing(reply=epoch, on=True))
        node.give("words", Words(segment=0, text="Book a flight to Rome.", final=True))
        assert node.sent("amendments") == [Amend(reply=epoch, text="Book a flight to Rome.")]
        node.give("playout", Playing(reply=epoch, on=False), heard(epoch))
        node.give("commands", Typed(text="Hi"))
        node.give("words", Words(segment=0, text="Book a flight to Roma.", final=True))
        assert node.sent("amendments")[-1] == Amend(reply=epoch, text="Book a flight to Roma."), "not the reply that is live now"

    run(test)


def test_speech_over_the_reply_gates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(node: OneNode) -> None:
        gates: list[Gate] = []
        monkeypatch.setattr(node.processor, "gate", gates.append)  # every node is told; this one is at hand
        await say(node, "What time is it?")
        node.give("speech", Speech(on=True, t=node.session.now()))
        await asyncio.sleep(0.3)
        node.give("speech", Speech(on=False, t=node.session.now()))
        await asyncio.sleep(1)
        assert gates == ["ducked", "paused", "open"]
        assert [event["step"] for event in events(node, "yielding")] == gates, "and the page, which shows that the reply gives way"

    run(test)


def test_a_reply_that_fails_is_told_to_the_page_and_not_asked_again() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.processor.failed("The model is busy.")
        assert events(node, "error") == [{"error": "The model is busy.", "message": "The model is busy.", "fatal": False}]
        node.give("playout", heard(epoch, samples=0))
        await asyncio.sleep(5)
        assert len(turns(node)) == 1

    run(test, {"apology": None})


@pytest.mark.parametrize("apology", [None, "Not now."])
def test_a_reply_that_fails_is_apologised_for_aloud_in_words_of_ones_own_too(apology: str | None) -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.processor.failed("The model is busy.")
        node.give("playout", heard(epoch, samples=0))
        [turn] = turns(node)[1:]
        assert (turn.why, turn.say) == ("apology", apology or "I'm sorry, I can't answer that at the moment.")

    run(test, {"apology": apology} if apology else {})


def test_a_reply_that_takes_too_long_is_apologised_for_aloud() -> None:
    async def test(node: OneNode) -> None:
        node.give("commands", Typed(text="Hi"))
        await asyncio.sleep(9)
        assert [event["message"] for event in events(node, "error")] == ["The answer took too long."]
        node.give("playout", heard(1, samples=0))
        assert turns(node)[-1].why == "apology"

    run(test)


def test_a_reply_may_take_as_long_as_its_tool_and_then_its_time() -> None:
    async def test(node: OneNode) -> None:
        node.give("commands", Typed(text="Hi"))
        await asyncio.sleep(7)
        with node.session.replies.work(1):
            await asyncio.sleep(30)
        await asyncio.sleep(7.9)
        assert node.session.alive(1)
        await asyncio.sleep(0.2)
        assert not node.session.alive(1)

    run(test)


def test_a_reply_may_be_silent_while_a_tool_works_for_it() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What is the weather like?")
        with node.session.replies.work(epoch):
            node.give("playout", Starved(reply=epoch))
            assert node.session.alive(epoch)
        node.give("playout", Starved(reply=epoch))
        assert not node.session.alive(epoch)

    run(test)


def test_a_reply_that_starves_or_is_too_slow_is_told_to_the_page() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.give("playout", Starved(reply=epoch), heard(epoch))
        node.give("commands", Typed(text="Hi"))
        await asyncio.sleep(10)
        assert [event["message"] for event in events(node, "error")] == [
            "The voice stopped in the middle of the answer.",
            "The answer took too long.",
        ]

    run(test)


def test_how_long_the_answer_took_is_told_when_it_sounds() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        (report,) = events(node, "turn")
        assert report == {
            "reply": epoch,
            "ended_by": "silence",
            "speculations": 1,
            "stages": [{"stage": "node.turns", "ms": 100}, {"stage": "turn end", "ms": 350}, {"stage": "first sample", "ms": 650}],
            "unattributed_ms": 0,
            "turn_end_to_first_sound_ms": 650,
            "speech_end_to_turn_end_ms": 450,
            "speech_end_to_first_sound_ms": 1100,
        }

    run(test)


def test_what_the_callers_client_adds_is_told_beside_it() -> None:
    async def test(node: OneNode) -> None:
        node.give("commands", PlayoutDelay(seconds=0.085))
        await say(node, "What time is it?")
        (report,) = events(node, "turn")
        assert report["playout_delay_ms"] == 85
        assert report["speech_end_to_first_sound_ms"] == 1100

    run(test)


def test_the_page_is_told_who_speaks_and_what_is_asked() -> None:
    async def test(node: OneNode) -> None:
        await say(node, "What time is it?")
        kinds = [event.kind for event in node.sent("events")]
        assert kinds == ["user-started-speaking", "user-stopped-speaking", "user-llm-text", "turn"]

    run(test)


def test_a_failure_of_the_timer_ends_the_call_and_is_not_lost() -> None:
    """Nobody else would see what a timer's callback raises."""

    class Broken(Interruption):
        def _carry_out(self, decisions: Any) -> None:
            if decisions and self.call.now() > 0.4:
                raise CallFailed("The floor is broken.")
            super()._carry_out(decisions)

    async def main() -> str:
        async with OneNode(Broken) as node:
            node.give("words", Words(segment=0, text="Well.", final=True))
            async with asyncio.timeout(5):
                return await node.session.wait()

    assert run_virtual(main()) == "The floor is broken."


def test_after_the_call_its_timer_is_gone() -> None:
    async def main() -> None:
        async with OneNode(Interruption) as node:
            node.give("words", Words(segment=0, text="Well.", final=True))
        sent = len(node.sent("turns"))
        await asyncio.sleep(10)
        assert len(node.sent("turns")) == sent

    run_virtual(main())


def settings(**options: Any) -> InterruptionSettings:
    return InterruptionSettings.model_validate(options, context=WRITTEN)


def test_a_preset_is_a_policy_and_single_values_override_it() -> None:
    assert settings(preset="eager", apology=None).policy() == PRESETS["eager"]
    policy = settings(preset="patient", speaking={"words": 1}, listening={"silence": "1s"}, thinking={"patience": "20s"}).policy()
    assert (policy.speaking.words, policy.listening.silence, policy.thinking.patience) == (1, 1.0, 20.0)
    assert policy.speaking.drop == PRESETS["patient"].speaking.drop


def test_sounds_of_listening_may_be_written_as_one_likes() -> None:
    assert settings(speaking={"ignore": ["Uh-huh!", "Go on…"]}).policy().speaking.ignore == {"uh-huh", "go on"}


def test_an_option_that_makes_no_sense_is_refused() -> None:
    for options in ({"preset": "lazy"}, {"speaking": {"words": 0}}, {"listening": {"silence": 300}}, {"pause": "1s"}):
        with pytest.raises(ValidationError):
            settings(**options)


def test_who_says_nothing_is_reminded_and_then_hung_up_on() -> None:
    async def test(node: OneNode) -> None:
        await asyncio.sleep(5.1)
        (reminder,) = turns(node)
        assert (reminder.why, reminder.say) == ("reminder", "Are you there?")
        assert reminder.epoch is not None
        node.give("playout", Playing(reply=reminder.epoch, on=True), Playing(reply=reminder.epoch, on=False), heard(reminder.epoch))
        await asyncio.sleep(5.1)
        assert await node.session.wait() == "The call ended because nobody said anything for a while."

    run(test, {"reminders": {"after": "5s", "words": ["Are you there?"]}})


def test_push_to_talk_is_the_callers_hand() -> None:
    async def test(node: OneNode) -> None:
        node.give("commands", Talk(on=True))
        node.give("words", Words(segment=0, text="Hello", final=True))
        await asyncio.sleep(20)
        assert turns(node) == []
        node.give("commands", Talk(on=False))
        await asyncio.sleep(1)
        assert [turn.text for turn in turns(node)] == ["Hello"]

    run(test, {"mode": "manual"})


def test_the_agents_own_echo_does_not_stop_it() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "Tell me a story.")
        node.give("playout", Progress(reply=epoch, text="Once upon a time there was a lighthouse"))
        await asyncio.sleep(0.1)
        node.give("words", Words(segment=1, text="there was a lighthouse", final=True))
        await asyncio.sleep(0.1)
        assert node.session.alive(epoch)
        node.give("words", Words(segment=2, text="stop", final=False))
        assert not node.session.alive(epoch)

    run(test)


def test_what_is_in_effect_is_told_in_full() -> None:
    settings = InterruptionSettings.model_validate({"preset": "eager", "speaking": {"pause": "150ms"}}, context=WRITTEN)
    effective = settings.effective()
    assert effective["speaking"]["pause"] == "150ms"
    assert effective["speaking"]["duck"] == "60ms"
    assert effective["listening"]["silence"] == "300ms"
    assert "okay" in effective["speaking"]["ignore"]


def test_typed_messages_wait_in_a_short_queue_and_more_are_refused() -> None:
    async def test(node: OneNode) -> None:
        await say(node, "Tell me a story.")
        node.give("commands", *(Typed(text=f"Question {n}", interrupts=False) for n in range(11)))
        (problem,) = events(node, "error")
        assert "wait for an answer already" in str(problem["message"])

    run(test)


def test_why_a_reply_yielded_and_why_it_did_not_is_told() -> None:
    async def test(node: OneNode) -> None:
        epoch = await say(node, "What time is it?")
        node.give("speech", Speech(on=True, t=node.session.now()))
        await asyncio.sleep(0.3)
        node.give("speech", Speech(on=False, t=node.session.now()))
        node.give("words", Words(segment=1, text="Uh-huh.", final=True))
        node.give("words", Words(segment=2, text="No, wait.", final=True))
        steps = [(event["reply"], event["step"], event["why"]) for event in events(node, "yielding")]
        assert steps == [
            (epoch, "ducked", "speech"),
            (epoch, "paused", "speech"),
            (epoch, "open", "sound of listening"),
            (epoch, "over", "words"),
        ]

    run(test)


def test_what_had_an_effect_is_answered_before_it_sounds() -> None:
    async def test(node: OneNode) -> None:
        node.give("words", Words(segment=0, text="Book it.", final=True))
        await asyncio.sleep(1)
        epoch = turns(node)[0].epoch
        assert epoch is not None
        await node.session.commit(epoch)
        node.give("words", Words(segment=0, text="Book it, please.", final=True))
        assert node.sent("amendments") == [Amend(reply=epoch, text="Book it, please.")]
        node.give("words", Words(segment=1, text="And a taxi.", final=True))
        node.give("playout", heard(epoch, samples=0))
        await asyncio.sleep(1)
        assert [turn.text for turn in turns(node)] == ["Book it.", "And a taxi."]

    run(test)


def test_a_failure_of_the_floor_at_an_effect_is_not_that_of_the_node_that_has_it() -> None:
    class Broken(Interruption):
        def committed(self) -> None:
            raise CallFailed("The floor is broken.")

    async def main() -> str:
        async with OneNode(Broken) as node:
            node.give("words", Words(segment=0, text="Book it.", final=True))
            await asyncio.sleep(1)
            await node.session.commit(1)
            return await node.session.wait()

    assert run_virtual(main()) == "The floor is broken."
