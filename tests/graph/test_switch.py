"""A node with stand-ins, in virtual time: processors that fail, stall and get well again on the second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from voicegraph.core.failover import FIRST_PAUSE
from voicegraph.core.ledger import Span
from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import CallerAudio, Frame, ReplyAudio, ReplyText, Speech, Transcript, Turn, TurnCue, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import START_LIMIT, Processor
from voicegraph.graph.session import Session
from voicegraph.graph.spec import GraphSpec
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor, running
from voicegraph.testing.runner import FakeLine

RATE = 16_000


class Source(Processor):
    turns = Out(Turn)
    text = Out(ReplyText)
    audio = Out(CallerAudio, rate=RATE)
    speech = Out(Speech)


class Sink(Processor):
    reply = In(ReplyText, optional=True)
    sound = In(ReplyAudio, optional=True)
    words = In(Transcript, optional=True)

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        self.got: list[Any] = []

    busy = False

    def full(self) -> bool:
        return self.busy

    def on_reply(self, frame: ReplyText) -> None:
        self.got.append(frame)

    def on_sound(self, frame: ReplyAudio) -> None:
        self.got.append(frame)

    def on_words(self, frame: Transcript) -> None:
        self.got.append(frame)


class Agent(Processor):
    """Says its own name, word by word, and then what it was told before; `state` is shared by all that are made of it."""

    state = ""
    """`refuses`: does not start. `hangs`: at it. `fails`: at once. `breaks`: after two words. `stalls`: says nothing. `waits`: until there is room.
    `orders`: does what cannot be taken back, then fails. `works`: with a tool, then answers. `dies`: fails, and a second later cannot go on."""
    effects: ClassVar[list[str]] = []
    closed = 0
    turns = In(Turn)
    reply = Out(ReplyText)

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        self.asked: list[str] = []

    async def start(self) -> None:
        if self.state == "refuses":
            raise CallFailed("There is no key.")
        if self.state == "hangs":
            await asyncio.sleep(1000)

    def remembered(self) -> Sequence[Any]:
        return self.asked

    def remember(self, entries: Sequence[Any]) -> None:
        self.asked = list(entries)

    async def on_turns(self, turn: Turn) -> None:
        self.asked.append(turn.text)
        words = f"{type(self).__name__} heard {len(self.asked)} turns."
        assert turn.epoch is not None
        if self.state == "orders":
            await self.call.commit(turn.epoch)
            self.effects.append(f"{type(self).__name__}: {turn.text}")
            raise ReplyFailed("It broke off.")
        if self.state == "dies":
            self.call.spawn(self._die(), self)
            raise ReplyFailed("It is down.")
        if self.state == "works":
            with self.call.replies.work(turn.epoch):
                await asyncio.sleep(30)
        if self.state == "fails":
            raise ReplyFailed("It is down.")
        if self.state == "stalls":
            await asyncio.sleep(1000)
        if self.state == "waits":
            await self.reply.room(turn.epoch)
            await asyncio.sleep(0.05)
        if self.state == "breaks":
            self.reply.send(ReplyText(epoch=turn.epoch, text="First of ", at=0))
            raise ReplyFailed("It broke off.")
        self.reply.send(ReplyText(epoch=turn.epoch, text=turn.begun + words, at=0, last=True))

    async def _die(self) -> None:
        await asyncio.sleep(1)
        raise CallFailed("The connection is lost.")

    async def close(self) -> None:
        type(self).closed += 1


class Second(Agent):
    state = ""


class Third(Agent):
    state = ""


@pytest.fixture(autouse=True)
def _all_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Agent, Second, Third):
        monkeypatch.setattr(kind, "state", "")
        monkeypatch.setattr(kind, "closed", 0)
    Agent.effects.clear()


def with_stand_ins(spec: GraphSpec, name: str, *kinds: type[Processor]) -> GraphSpec:
    node = spec.node(name)
    chain = None
    for kind in reversed(kinds):
        chain = replace(node, use=kind.__name__, processor=kind, otherwise=chain)
    return replace(spec, nodes=tuple(replace(each, otherwise=chain) if each is node else each for each in spec.nodes))


AGENTS = with_stand_ins(
    graph(Part("source", Source), Part("agent", Agent, "source.turns"), Part("sink", Sink, "agent.reply")), "agent", Second, Third
)


class Talk:
    """A call of these agents."""

    def __init__(self, session: Session, line: FakeLine) -> None:
        self.session = session
        self._source, self.sink = processor(session, Source), processor(session, Sink)
        self._line = line

    async def ask(self, text: str, patience: float = 0.1) -> str:
        """The whole reply to a turn."""
        before, epoch = len(self.sink.got), self.session.replies.begin()
        self._source.turns.send(Turn(epoch=epoch, text=text))
        await asyncio.sleep(patience)
        self.session.replies.drop("finished")
        frames = self.sink.got[before:]
        assert [frame.at for frame in frames] == [sum(len(each.text) for each in frames[:number]) for number in range(len(frames))]
        return "".join(frame.text for frame in frames)

    @property
    def told(self) -> list[str]:
        return [f"{message['data']['d']['to']}: {message['data']['d']['why']}" for message in self._line.told]


def talk(script: Callable[[Talk], Awaitable[None]]) -> None:
    async def main() -> None:
        line = FakeLine()
        async with running(AGENTS, line) as session:
            await script(Talk(session, line))

    run_virtual(main())


def test_the_same_turn_is_given_to_the_stand_in_which_knows_what_was_said() -> None:
    async def script(call: Talk) -> None:
        assert await call.ask("One?") == "Agent heard 1 turns."
        Agent.state = "fails"
        assert await call.ask("Two?") == "Second heard 3 turns.", "the first had noted the turn that it failed at"
        assert call.told == ["Second: It is down."]
        assert call.session.ending_for is None
        assert Agent.closed == 1

    talk(script)


def test_an_answer_that_broke_off_goes_on() -> None:
    async def script(call: Talk) -> None:
        Agent.state = "breaks"
        assert await call.ask("One?") == "First of Second heard 2 turns."

    talk(script)


def test_silence_is_a_failure_too() -> None:
    async def script(call: Talk) -> None:
        Agent.state = "stalls"
        assert await call.ask("One?", patience=Processor.longest_silence + 0.1) == "Second heard 2 turns."
        assert call.told == ["Second: It does not answer in time."]

    talk(script)


def test_who_has_nobody_behind_it_may_be_silent() -> None:
    async def script(call: Talk) -> None:
        Agent.state = Second.state = Third.state = "stalls"
        await call.ask("One?", patience=20)
        assert call.told[:2] == ["Second: It does not answer in time.", "Third: It does not answer in time."]
        assert call.session.ending_for is None, "the floor's patience decides"

    talk(script)


def test_who_waits_for_the_graph_is_not_silent() -> None:
    async def script(call: Talk) -> None:
        call.sink.busy = True
        epoch = call.session.replies.begin()
        processor(call.session, Source).turns.send(Turn(epoch=epoch, text="Say much."))
        await asyncio.sleep(30)
        call.sink.busy = False
        call.session.released()
        await asyncio.sleep(0.1)
        assert call.told == []
        assert call.sink.got[-1].last

    Agent.state = "waits"
    talk(script)


def test_who_cannot_start_is_passed_over_also_when_several_cannot() -> None:
    async def script(call: Talk) -> None:
        assert await call.ask("One?") == "Third heard 1 turns."
        assert call.told == ["Third: There is no key."]

    Agent.state = Second.state = "refuses"
    talk(script)


def test_a_call_in_which_nobody_can_start_does_not_begin() -> None:
    Agent.state = Second.state = Third.state = "refuses"
    with pytest.raises(CallFailed, match="There is no key"):
        talk(lambda _: asyncio.sleep(0))


def test_the_last_ones_failure_is_the_calls() -> None:
    async def script(call: Talk) -> None:
        Agent.state = Second.state = Third.state = "fails"
        await call.ask("One?")
        assert call.session.ending_for == "It is down.", "this graph has no floor that could go on without a reply"

    talk(script)


def test_the_better_one_is_taken_back_when_it_can_be_had_again() -> None:
    async def script(call: Talk) -> None:
        assert await call.ask("One?") == "Second heard 1 turns."
        Agent.state = ""
        await asyncio.sleep(FIRST_PAUSE + 1)
        assert await call.ask("Two?") == "Agent heard 2 turns."
        assert call.told == ["Second: There is no key.", "Agent: It can be had again."]

    Agent.state = "refuses"
    talk(script)


def test_it_stays_while_a_reply_lives() -> None:
    async def script(call: Talk) -> None:
        Agent.state = "fails"
        epoch = call.session.replies.begin()
        processor(call.session, Source).turns.send(Turn(epoch=epoch, text="One?"))
        await asyncio.sleep(0.1)
        Agent.state = ""
        await asyncio.sleep(2 * FIRST_PAUSE)
        assert len(call.told) == 1, "in the middle of a reply"
        call.session.replies.drop("finished")
        await asyncio.sleep(0.1)
        assert call.told[1:] == ["Agent: It can be had again."]

    talk(script)


def test_a_hundred_failures_leave_nothing_behind() -> None:
    async def script(call: Talk) -> None:
        await call.ask("One?")
        tasks = len(asyncio.all_tasks())
        for _ in range(100):
            Agent.state = "fails"
            await call.ask("More?")
            Agent.state = ""
            await asyncio.sleep(1000)
        assert len(asyncio.all_tasks()) == tasks
        assert Agent.closed == 100

    talk(script)


# --- in a graph with a floor, which keeps the call alive without a reply ------------------------------------------------------------


class Chair(Source):
    """A floor that notes failures, and drops what has failed."""

    owns_floor = True

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        self.failures: list[str] = []

    def failed(self, sentence: str) -> None:
        self.failures.append(sentence)
        reply = self.call.replies.unsettled
        self.call.replies.drop("failed")
        if reply is not None:
            self.call.replies.settle(reply)


CHAIRED = with_stand_ins(
    graph(Part("source", Chair), Part("agent", Agent, "source.turns"), Part("sink", Sink, "agent.reply")), "agent", Second, Third
)


class Chaired(Talk):
    """A call with such a floor: what `ask` confirms is settled when it is over."""

    @property
    def failures(self) -> list[str]:
        return processor(self.session, Chair).failures

    async def ask(self, text: str, patience: float = 0.1, why: str = "finished") -> str:
        before, replies = len(self.sink.got), self.session.replies
        epoch = replies.begin()
        replies.confirm()
        processor(self.session, Chair).turns.send(Turn(epoch=epoch, text=text))
        await asyncio.sleep(patience)
        replies.drop(why)
        replies.settle(epoch)
        await asyncio.sleep(0.1)
        return "".join(frame.text for frame in self.sink.got[before:])


def chaired(script: Callable[[Chaired], Awaitable[None]]) -> None:
    async def main() -> None:
        line = FakeLine()
        async with running(CHAIRED, line) as session:
            await script(Chaired(session, line))
            assert session.ending_for is None

    run_virtual(main())


def test_what_cannot_be_taken_back_is_not_done_again_and_the_stand_in_has_the_next_turn() -> None:
    async def script(call: Chaired) -> None:
        Agent.state = "orders"
        assert await call.ask("A coffee, please.") == ""
        assert Agent.effects == ["Agent: A coffee, please."]
        assert call.failures == ["It broke off."]
        assert call.told == ["Second: It broke off."]
        assert await call.ask("And now?") == "Second heard 2 turns.", "it knows of the one before"

    chaired(script)


def test_a_model_that_stalls_after_an_effect_is_not_replaced_in_that_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    async def order_and_stall(self: Agent, turn: Turn) -> None:
        assert turn.epoch is not None
        await self.call.commit(turn.epoch)
        self.effects.append(f"{type(self).__name__}: {turn.text}")
        await asyncio.sleep(1000)

    monkeypatch.setattr(Agent, "on_turns", order_and_stall)

    async def script(call: Chaired) -> None:
        assert await call.ask("A coffee, please.", patience=Processor.longest_silence + 0.1) == ""
        assert call.failures == ["It does not answer in time."], "once"
        assert Agent.effects == ["Agent: A coffee, please."]
        assert call.told == ["Second: It does not answer in time."]

    chaired(script)


def test_who_waits_for_a_tool_is_not_silent() -> None:
    async def script(call: Chaired) -> None:
        Agent.state = "works"
        assert await call.ask("What is the weather like?", patience=31) == "Agent heard 1 turns."
        assert call.told == []

    chaired(script)


def test_a_tool_that_waits_until_the_turn_is_certain_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def order(self: Agent, turn: Turn) -> None:
        assert turn.epoch is not None
        with self.call.replies.work(turn.epoch):
            await self.call.commit(turn.epoch)
        self.reply.send(ReplyText(epoch=turn.epoch, text=f"{type(self).__name__} did it.", at=0, last=True))

    monkeypatch.setattr(Agent, "on_turns", order)

    async def script(call: Chaired) -> None:
        epoch = call.session.replies.begin()
        processor(call.session, Chair).turns.send(Turn(epoch=epoch, text="A coffee, please."))
        await asyncio.sleep(30)
        call.session.replies.confirm()
        await asyncio.sleep(0.1)
        assert [frame.text for frame in call.sink.got] == ["Agent did it."]

    chaired(script)


def test_who_is_silent_after_a_tool_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work_and_stall(self: Agent, turn: Turn) -> None:
        assert turn.epoch is not None
        with self.call.replies.work(turn.epoch):
            await asyncio.sleep(30)
        await asyncio.sleep(1000)

    monkeypatch.setattr(Agent, "on_turns", work_and_stall)

    async def script(call: Chaired) -> None:
        asking = asyncio.create_task(call.ask("What is the weather like?", patience=40))
        await asyncio.sleep(30)
        assert call.told == []
        await asyncio.sleep(2 * Processor.longest_silence)
        assert call.told == ["Second: It does not answer in time."]
        await asking

    chaired(script)


def test_without_a_stand_in_that_can_be_opened_only_the_reply_is_lost() -> None:
    async def script(call: Chaired) -> None:
        assert await call.ask("One?") == "Agent heard 1 turns."
        Agent.state, Second.state, Third.state = "fails", "refuses", "refuses"
        assert await call.ask("Two?") == ""
        assert call.failures == ["It is down."], "and not that there is no key for the stand-in"
        Agent.state = ""
        assert await call.ask("Three?") == "Agent heard 3 turns.", "the one that had failed goes on"
        assert call.told == []

    chaired(script)


def test_a_turn_that_came_while_a_stand_in_was_waited_for_in_vain_is_answered_by_the_one_that_had_failed() -> None:
    async def script(call: Chaired) -> None:
        Agent.state, Second.state, Third.state = "fails", "hangs", "refuses"
        assert await call.ask("One?", why="stopped") == ""
        Agent.state = ""
        assert await call.ask("Two?", patience=5) == "Agent heard 2 turns."
        assert (call.failures, call.told) == ([], []), "the first was over before it was known to be lost"

    chaired(script)


def test_who_dies_while_a_stand_in_is_waited_for_in_vain_ends_the_call_as_it_would_have_alone() -> None:
    async def main() -> None:
        line = FakeLine()
        async with running(CHAIRED, line) as session:
            Agent.state, Second.state, Third.state = "dies", "hangs", "refuses"
            await Chaired(session, line).ask("One?", patience=5)
            assert session.ending_for == "The connection is lost."

    run_virtual(main())


def test_a_reply_that_took_too_long_is_a_failure_of_who_was_silent_however_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agent, "longest_silence", 20.0)

    async def script(call: Chaired) -> None:
        Agent.state = "stalls"
        assert await call.ask("One?", patience=8, why="too slow") == ""
        assert call.told == ["Second: It does not answer in time."]
        assert await call.ask("Two?") == "Second heard 2 turns."

    chaired(script)


def test_a_reply_that_is_dropped_for_another_reason_is_nobodys_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agent, "longest_silence", 20.0)

    async def script(call: Chaired) -> None:
        Agent.state = "stalls"
        await call.ask("One?", patience=8, why="stopped")
        assert call.told == []

    chaired(script)


def test_the_last_one_always_has_its_chance_to_be_opened_and_soon() -> None:
    async def main() -> None:
        line = FakeLine()
        async with running(CHAIRED, line) as session:
            call = Chaired(session, line)
            assert session.now() < START_LIMIT / 2
            assert await call.ask("One?") == "Third heard 1 turns."

    Agent.state = Second.state = "hangs"
    run_virtual(main())


def test_a_last_one_that_hangs_while_it_is_opened_in_mid_call_costs_a_reply_and_not_the_call() -> None:
    async def script(call: Chaired) -> None:
        Agent.state, Second.state, Third.state = "fails", "refuses", "hangs"
        assert await call.ask("One?", patience=START_LIMIT + 1) == ""
        assert call.failures == ["It is down."]

    chaired(script)


class Voice(Processor):
    """Speaks 15 characters a second, a frame for each clause; `breaks` after so many seconds of the reply."""

    breaks: float | None = None
    rate = RATE
    text = In(ReplyText)
    sound = Out(ReplyAudio, rate=RATE)

    def on_text(self, text: ReplyText) -> None:
        if text.text:
            span = Span(text.text, text.at)
            seconds = len(text.text) / 15
            if self.breaks is not None and seconds > self.breaks:
                self._say(text, span, self.breaks, ends=False)
                self.call.fail(ReplyFailed("The voice is gone."), self, text.epoch)
                return
            self._say(text, span, seconds, ends=True)
        if text.last:
            self.sound.send(ReplyAudio(epoch=text.epoch, pcm=np.zeros(0, np.int16), rate=self.rate, last=True))

    def _say(self, text: ReplyText, span: Span, seconds: float, ends: bool) -> None:
        self.sound.send(ReplyAudio(epoch=text.epoch, pcm=np.ones(round(seconds * self.rate), np.int16), rate=self.rate, span=span, ends=ends))


class Deep(Voice):
    breaks = None
    rate = 22_050


VOICES = with_stand_ins(
    graph(Part("source", Source), Part("voice", Voice, "source.text"), Part("sink", Sink, "voice.sound"), rate=RATE), "voice", Deep
)


def test_what_has_sounded_is_not_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Voice, "breaks", 1.0)

    async def main() -> None:
        async with running(VOICES) as session:
            source, sink = processor(session, Source), processor(session, Sink)
            epoch = session.replies.begin()
            source.text.send(ReplyText(epoch=epoch, text="It is four. ", at=0))
            source.text.send(ReplyText(epoch=epoch, text="And three plus two makes five.", at=12))
            await asyncio.sleep(0.1)
            source.text.send(ReplyText(epoch=epoch, text="", at=42, last=True))
            await asyncio.sleep(0.1)
            spans = [(frame.span.text, frame.ends) for frame in sink.got if frame.span is not None]
            assert spans == [("It is four. ", True), ("And three plus two makes five.", False), ("two makes five.", True)]
            assert {frame.rate for frame in sink.got} == {RATE}
            assert abs(sum(frame.seconds for frame in sink.got) - (12 + 15 + 15) / 15) < 0.05
            assert [frame.last for frame in sink.got][-1]

    run_virtual(main())


class Hearing(Processor):
    """Gives a segment for each stretch of speech: how many frames of sound it had. `fails` with the first sound that is loud."""

    fails = False
    cues = False
    audio = In(CallerAudio)
    speech = In(Speech)
    words = Out(Transcript)

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        self._segment = self._frames = 0

    def on_audio(self, audio: CallerAudio) -> None:
        self._frames += bool(audio.pcm.any())
        if self._frames == 3 and self.cues:
            self.words.send(TurnCue(segment=self._segment, cue="start", t=audio.t))
            self.words.send(Words(segment=self._segment, text="half", final=False))
        if self._frames == 5 and self.fails:
            raise CallFailed("The ears are gone.")

    def on_speech(self, speech: Speech) -> None:
        if not speech.on:
            self.words.send(Words(segment=self._segment, text=f"{self._frames} frames", final=True))
            self._segment, self._frames = self._segment + 1, 0


class Deaf(Hearing):
    fails = True
    cues = True


EARS = with_stand_ins(
    graph(Part("source", Source), Part("ears", Deaf, "source.audio source.speech"), Part("sink", Sink, "ears.words"), rate=RATE), "ears", Hearing
)


def test_sound_without_words_is_heard_again_and_half_words_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deaf, "fails", False)

    async def main() -> None:
        async with running(EARS) as session:
            source, sink = processor(session, Source), processor(session, Sink)

            async def say(frames: int) -> None:
                source.speech.send(Speech(on=True, t=session.now()))
                await silence(frames, level=1)
                source.speech.send(Speech(on=False, t=session.now()))
                await silence(50)

            async def silence(frames: int, level: int = 0) -> None:
                for _ in range(frames):
                    source.audio.send(CallerAudio(pcm=np.full(320, level, np.int16), rate=RATE, t=session.now()))
                    await asyncio.sleep(0.02)

            await say(20)
            monkeypatch.setattr(Deaf, "fails", True)
            await say(30)
            await say(10)
            words: list[Frame] = [frame for frame in sink.got if isinstance(frame, Words)]
            assert words == [
                Words(segment=0, text="half", final=False),
                Words(segment=0, text="20 frames", final=True),
                Words(segment=1, text="half", final=False),
                Words(segment=1, text="30 frames", final=True),
                Words(segment=2, text="10 frames", final=True),
            ]
            assert [frame.cue for frame in sink.got if isinstance(frame, TurnCue)] == ["start", "start", "gone"]

    run_virtual(main())
