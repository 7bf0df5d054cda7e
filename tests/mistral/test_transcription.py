"""The real client against a server that does what the hosted one was seen to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from voicegraph.core.transcript import Cue, Fact, Said
from voicegraph.errors import CallFailed
from voicegraph.mistral import transcription
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.transcription import Hearing, Transcriber
from voicegraph.testing.mistral import Closed, Delays, FaultPlan, Faults, MistralServer, Opened, Received, Script

RATE = 16000
FRAME = 320
QUICK = Delays(final=0.01)
FLUSHED = Hearing(model="voxtral-mini-transcribe-realtime-2602", rate=RATE, delay=0.08)
TURNS: dict[str, float | int] = {"min_silence_ms": 500, "end_timeout_ms": 3000}
COUNTING = Script(utterances=lambda stream, number: f"one two three {stream} {number}")
TURNING = replace(FLUSHED, model="voxtral-mini-transcribe-realtime-3-0", turn_detection=TURNS)


class Listening:
    """A transcriber with a caller whose mouth is faster than time."""

    def __init__(self, sdk: Any, clients: MistralClients, hearing: Hearing) -> None:
        self.facts: list[Fact] = []
        self.t = 1000.0
        self._told = asyncio.Event()
        self._rng = np.random.default_rng(7)
        self.transcriber = Transcriber(sdk, clients.sockets, hearing, self._tell)

    def _tell(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._told.set()

    def speak(self, seconds: float) -> None:
        self._sound(self._rng.normal(0, 3000, round(seconds * RATE)))

    def silence(self, seconds: float) -> None:
        self._sound(self._rng.normal(0, 3, round(seconds * RATE)))

    def _sound(self, samples: Any) -> None:
        pcm = samples.astype(np.int16)
        for start in range(0, len(pcm), FRAME):
            self.t += FRAME / RATE
            self.transcriber.hear(pcm[start : start + FRAME].tobytes(), self.t)

    def finals(self) -> dict[int, str]:
        return {fact.segment: fact.text for fact in self.facts if isinstance(fact, Said) and fact.final}

    def cues(self) -> list[tuple[int, str]]:
        return [(fact.segment, fact.kind) for fact in self.facts if isinstance(fact, Cue)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._told.clear()
                await self._told.wait()


@asynccontextmanager
async def listening(server: MistralServer, hearing: Hearing) -> AsyncIterator[Listening]:
    clients = MistralClients()
    listening = Listening(clients.get("key", server.url), clients, hearing)
    await listening.transcriber.open()
    running = asyncio.create_task(listening.transcriber.run())
    try:
        yield listening
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await listening.transcriber.close()
        await clients.close()


async def say(caller: Listening, segment: int) -> str:
    """One utterance and its flush; its final words."""
    caller.speak(1.5)
    caller.silence(0.3)
    caller.transcriber.flush()
    await caller.until(lambda: segment in caller.finals())
    return caller.finals()[segment]


async def test_each_flush_gives_its_words() -> None:
    async with MistralServer(Script(utterances=["hello there", "what can you do"]), QUICK) as server, listening(server, FLUSHED) as caller:
        assert await say(caller, 0) == "hello there"
        assert await say(caller, 1) == "what can you do"


async def test_a_flush_of_silence_gives_empty_words() -> None:
    async with MistralServer(delays=QUICK) as server, listening(server, FLUSHED) as caller:
        caller.silence(0.5)
        caller.transcriber.flush()
        await caller.until(lambda: caller.finals() == {0: ""})


async def test_the_session_is_asked_for_what_was_set() -> None:
    hearing = replace(TURNING, language="fr", context_bias=("Voxtral",))
    async with MistralServer() as server, listening(server, hearing):
        update = await server.wait_for(Received)
    session = update.message["session"]
    assert session["audio_format"] == {"encoding": "pcm_s16le", "sample_rate": RATE}
    assert (session["target_streaming_delay_ms"], session["language"], session["context_bias"]) == (80, "fr", ["Voxtral"])
    assert session["turn_detection"]["min_silence_ms"] == 500


async def test_sound_is_sent_in_pieces_that_the_service_takes() -> None:
    async with MistralServer(delays=QUICK) as server, listening(server, FLUSHED) as caller:
        caller.silence(20.0)
        caller.transcriber.flush()
        await caller.until(lambda: bool(caller.finals()))
        sizes = [record.samples for record in server.log.of(Received, lambda record: record.samples > 0)]
    assert sum(sizes) == 20 * RATE
    assert max(sizes) * 2 <= 262_144


async def test_the_beginning_of_a_final_that_never_comes_is_what_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "DONE_LIMIT", 0.4)
    faults: FaultPlan = {"transcription": Faults(done_lost_from=2, first=1)}
    async with MistralServer(COUNTING, QUICK, faults) as server, listening(server, FLUSHED) as caller:
        assert await say(caller, 0) == "one two three 0 0"
        assert await say(caller, 1) == "one two three 0 1"


async def test_finals_that_keep_missing_are_answered_by_a_fresh_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "DONE_LIMIT", 0.4)
    faults: FaultPlan = {"transcription": Faults(done_lost_from=1, first=1)}
    async with MistralServer(COUNTING, QUICK, faults) as server, listening(server, FLUSHED) as caller:
        await say(caller, 0)
        await say(caller, 1)
        await server.wait_for(Closed)
        caller.silence(0.1)
        await server.wait_for(Opened, count=2)
        assert await say(caller, 2) == "one two three 1 0"


async def test_cumulative_finals_give_each_utterance_its_own_words() -> None:
    utterances = ["hello there", "what can you do", "thank you and goodbye"]
    faults: FaultPlan = {"transcription": Faults(done_cumulative=True)}
    async with MistralServer(Script(utterances=utterances), QUICK, faults) as server, listening(server, FLUSHED) as caller:
        assert [await say(caller, number) for number in range(3)] == utterances


@pytest.mark.parametrize("done", [True, False])
async def test_turns_are_told_after_their_words(done: bool) -> None:
    script = Script(utterances=["hello there my friend"], done_after_turn_end=done)
    async with MistralServer(script, QUICK) as server, listening(server, TURNING) as caller:
        caller.silence(0.5)
        caller.speak(2.0)
        caller.silence(1.0)
        await caller.until(lambda: (0, "end") in caller.cues())
        caller.silence(1.0)
        caller.speak(2.0)
        caller.silence(1.0)
        await caller.until(lambda: (1, "end") in caller.cues())
    assert caller.cues() == [(0, "start"), (0, "eager"), (0, "end"), (1, "start"), (1, "eager"), (1, "end")]
    assert caller.finals() == {0: "hello there my friend", 1: "hello there my friend"}
    kinds = [fact.kind if isinstance(fact, Cue) else ("final" if fact.final else fact.text) for fact in caller.facts if fact.segment == 0]
    assert kinds.index("hello there my friend") < kinds.index("eager")
    assert kinds[-2:] == ["final", "end"]


async def test_a_turn_that_goes_on_is_resumed() -> None:
    script = Script(utterances=["I would like | a table"])
    async with MistralServer(script, QUICK) as server, listening(server, TURNING) as caller:
        caller.speak(1.5)
        caller.silence(0.35)
        caller.speak(1.0)
        caller.silence(1.0)
        await caller.until(lambda: (0, "end") in caller.cues())
    assert [kind for _, kind in caller.cues()] == ["start", "eager", "resume", "eager", "end"]
    assert caller.finals() == {0: "I would like a table"}


async def test_a_cue_has_the_time_at_which_its_sound_arrived() -> None:
    async with MistralServer(delays=QUICK) as server, listening(server, TURNING) as caller:
        caller.silence(1.0)
        caller.t += 60.0
        caller.speak(1.0)
        caller.silence(1.0)
        await caller.until(lambda: (0, "end") in caller.cues())
    start = next(fact.at for fact in caller.facts if isinstance(fact, Cue))
    assert 1061.0 <= start <= 1061.5


@pytest.mark.parametrize(
    "fault",
    [
        Faults(drop_after=4, first=1),
        Faults(close_after=4, first=1, close_code=1000),
        Faults(close_after=4, first=1, close_code=1011),
        Faults(error_after=4, first=1),
    ],
    ids=["dropped", "closed 1000", "closed 1011", "error event"],
)
async def test_words_survive_a_lost_connection(fault: Faults) -> None:
    script = Script(utterances=["one two three four five six"])
    async with MistralServer(script, QUICK, {"transcription": fault}) as server, listening(server, FLUSHED) as caller:
        caller.speak(2.0)
        await server.wait_for(Opened, count=2)
        caller.speak(0.5)
        caller.transcriber.flush()
        await caller.until(lambda: bool(caller.finals()))
    assert caller.finals() == {0: "one two three four five six"}
    heard = [fact.text for fact in caller.facts if isinstance(fact, Said)]
    assert heard == sorted(heard, key=len), "text shrank while it was heard again"


async def test_a_turn_survives_a_lost_connection() -> None:
    faults: FaultPlan = {"transcription": Faults(drop_after=5, first=1)}
    async with MistralServer(Script(utterances=["one two three four five six"]), QUICK, faults) as server, listening(server, TURNING) as caller:
        caller.speak(2.0)
        await server.wait_for(Opened, count=2)
        caller.silence(1.0)
        await caller.until(lambda: (0, "end") in caller.cues())
    assert caller.cues() == [(0, "start"), (0, "eager"), (0, "end")]
    assert caller.finals() == {0: "one two three four five six"}


async def speak_up(caller: Listening, seconds: float = 2.0, silence: float = 1.0) -> None:
    """Say something, as a voice detector hears it; the words of its first half have time to come."""
    caller.t = asyncio.get_running_loop().time()
    caller.transcriber.speech(True, caller.t)
    caller.speak(seconds / 2)
    await asyncio.sleep(0.2)
    caller.speak(seconds / 2)
    caller.transcriber.speech(False, caller.t)
    caller.silence(silence)


async def keep_quiet(caller: Listening) -> None:
    """A microphone sends all the time."""
    while True:
        await asyncio.sleep(0.05)
        caller.silence(0.06)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "DONE_LIMIT", 0.3)


SIX = Script(utterances=["one two three four five six"])


@pytest.mark.parametrize("hearing", [TURNING, FLUSHED], ids=["turns", "flushes"])
@pytest.mark.parametrize("after", [1, 2, 3], ids=["from the start", "before the first word", "after a word"])
async def test_a_service_that_stays_connected_and_says_nothing_is_replaced(impatient: None, hearing: Hearing, after: int) -> None:
    """Nothing of what the caller said is lost: the next connection hears all of it, once."""
    faults: FaultPlan = {"transcription": Faults(stall_after=after, first=1)}
    async with MistralServer(SIX, QUICK, faults) as server, listening(server, hearing) as caller:
        background = asyncio.create_task(keep_quiet(caller))
        await speak_up(caller, 4.0)
        await caller.until(lambda: bool(caller.finals()))
        assert len(server.log.of(Opened)) == 2
        background.cancel()
    assert caller.finals() == {0: "one two three four five six"}
    assert [kind for _, kind in caller.cues()][-1:] == (["end"] if hearing is TURNING else [])


async def test_a_service_that_is_right_to_say_nothing_is_not_replaced_for_ever(impatient: None) -> None:
    faults: FaultPlan = {"transcription": Faults(stall_after=2)}
    async with MistralServer(SIX, QUICK, faults) as server, listening(server, TURNING) as caller:
        background = asyncio.create_task(keep_quiet(caller))
        for _ in range(4):
            await speak_up(caller, 0.6)
            await asyncio.sleep(0.5)
        assert len(server.log.of(Opened)) == 2
        background.cancel()


async def test_words_without_turn_events_are_told_after_a_silence(impatient: None) -> None:
    faults: FaultPlan = {"transcription": Faults(lost=frozenset(("turn.start", "turn.eager_end", "turn.resume", "turn.end")))}
    async with MistralServer(COUNTING, QUICK, faults) as server, listening(server, TURNING) as caller:
        for number in range(2):
            await speak_up(caller)
            await caller.until(lambda number=number: number in caller.finals())  # type: ignore[misc]  # mypy knows no lambda with a default
        assert len(server.log.of(Opened)) == 1
    assert caller.cues() == []
    assert caller.finals() == {0: "one two three 0 0", 1: "one two three 0 1"}


async def test_a_turn_that_is_never_ended_is_ended_for_the_service(impatient: None) -> None:
    faults: FaultPlan = {"transcription": Faults(lost=frozenset(("turn.end", "transcription.done")))}
    hearing = replace(TURNING, turn_detection=TURNS | {"end_timeout_ms": 500})
    async with MistralServer(COUNTING, QUICK, faults) as server, listening(server, hearing) as caller:
        await speak_up(caller)
        await caller.until(lambda: (0, "end") in caller.cues())
    assert caller.finals() == {0: "one two three 0 0"}


async def test_what_was_answered_is_not_heard_again() -> None:
    async with MistralServer(Script(utterances=["hello there"]), QUICK) as server, listening(server, FLUSHED) as caller:
        await say(caller, 0)
        server.set_faults({"transcription": Faults(drop_after=2, first=1)})
        await server.stop()
        await server.start()
        caller.silence(0.2)
        await server.wait_for(Opened, count=2)
        caller.transcriber.flush()
        await caller.until(lambda: 1 in caller.finals())
    assert caller.finals()[1] == ""


async def test_noise_in_the_protocol_is_passed_over() -> None:
    events = (
        '{"type":"transcription.text.delta"}',
        '{"type":"transcription.text.delta","text":null}',
        '{"type":"turn.end"}',
        '{"type":"turn.end","time_s":[]}',
    )
    noise = ('{"type":"transcription.from_the_future"}', "no json", "[]", *events)
    faults: FaultPlan = {"transcription": Faults(noise=noise, noise_after=3)}
    async with MistralServer(Script(utterances=["hello there"]), QUICK, faults) as server, listening(server, FLUSHED) as caller:
        assert await say(caller, 0) == "hello there"
        assert len(server.log.of(Opened)) == 1


async def test_a_final_without_its_usage_still_closes_the_segment() -> None:
    noise = ('{"type":"transcription.done","text":"good morning"}',)
    faults: FaultPlan = {"transcription": Faults(noise=noise, noise_after=2, stall_after=2)}
    async with MistralServer(delays=QUICK, faults=faults) as server, listening(server, FLUSHED) as caller:
        caller.silence(0.1)
        caller.transcriber.flush()
        await caller.until(lambda: caller.finals() == {0: "good morning"})


async def test_a_refused_key_is_told_at_once() -> None:
    async with MistralServer(api_key="another") as server:
        with pytest.raises(CallFailed, match="refused the key"):
            async with listening(server, FLUSHED):
                pass


async def test_a_service_that_does_not_come_back_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "PAUSES", (0.0, 0.0))
    async with MistralServer(delays=QUICK) as server:
        clients = MistralClients()
        caller = Listening(clients.get("key", server.url), clients, FLUSHED)
        await caller.transcriber.open()
        running = asyncio.create_task(caller.transcriber.run())
        await server.wait_for(Opened)
        server.set_faults(Faults(status=503))
        await server.stop()
        caller.silence(0.2)
        with pytest.raises(CallFailed, match="cannot be reached"):
            await running
        await caller.transcriber.close()
        await clients.close()


async def test_a_service_that_keeps_closing_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "PAUSES", (0.0, 0.0))
    async with MistralServer(delays=QUICK, faults=Faults(close_after=2, close_code=1000)) as server:
        clients = MistralClients()
        caller = Listening(clients.get("key", server.url), clients, FLUSHED)
        await caller.transcriber.open()
        caller.transcriber.flush()
        with pytest.raises(CallFailed, match="keeps closing"):
            await caller.transcriber.run()
        assert len(server.log.of(Opened)) == 3
        await caller.transcriber.close()
        await clients.close()


async def test_closing_does_not_wait_for_a_peer_that_is_silent() -> None:
    faults: FaultPlan = {"transcription": Faults(ignore_close=True)}
    async with MistralServer(faults=faults) as server:
        clients = MistralClients()
        caller = Listening(clients.get("key", server.url), clients, FLUSHED)
        await caller.transcriber.open()
        running = asyncio.create_task(caller.transcriber.run())
        await server.wait_for(Opened)
        running.cancel()
        async with asyncio.timeout(1):
            await asyncio.gather(running, return_exceptions=True)
            await caller.transcriber.close()
        await server.stop()
        await clients.close()


async def test_the_connection_is_closed_with_the_call() -> None:
    async with MistralServer() as server:
        async with listening(server, FLUSHED):
            await server.wait_for(Opened)
        closed = await server.wait_for(Closed)
    assert (closed.by, closed.code) == ("client", 1000)
