"""Realtime transcription that survives its connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import TYPE_CHECKING, Any

from voicegraph.core import kinds
from voicegraph.core.tape import Flush, Tape
from voicegraph.core.transcript import Fact, Said, Transcript
from voicegraph.core.vigil import Vigil
from voicegraph.errors import CallFailed
from voicegraph.mistral.errors import explain, failures
from voicegraph.mistral.sockets import Sockets

if TYPE_CHECKING:
    from mistralai.client import Mistral
    from mistralai.extra.realtime import RealtimeConnection

log = logging.getLogger(__name__)

APPEND = 0.04
"""Seconds of sound in one message: half the CPU of 20 ms, for 10 ms of latency on average."""
IDLE_APPEND = 0.1
"""The same while nothing is being said: then it only delays the first word, and an idle call costs less."""
LARGEST_APPEND = 262_144
"""Bytes of one message that the service takes at most."""
DONE_LIMIT = 0.8
"""Seconds, beyond the streaming delay, that a flush waits for its `transcription.done` (pipecat #4487: it may never come), and that speech waits for
any sign of life."""
MISSES = 2
"""Flushes without a `done`, one after the other, that are answered by a fresh connection."""
SPEECH_KEPT = 30.0
"""Seconds of sound that are kept for a new connection while its words have not come."""
SILENCE_KEPT = 2.0
"""Seconds kept while nothing is being said: the beginning of a word that the service has not answered yet."""
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each attempt to connect again; when none is left, the call has lost its ears."""
SOON = (0.0, 0.2)
"""The same where a stand-in waits to take over."""
START_PAUSES = (0.0, 0.2)
"""The same when a call starts: nobody wants to wait long for a call that cannot be."""
PROVEN = 5.0
"""Seconds after which a connection counts as good: losing it begins the pauses anew."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a session is opened with. rate: Hz of the sound, mono int16. delay: seconds that the model looks ahead.

    turn_detection: thresholds and times as the service names them; None: segments end with `flush`.
    """

    model: str
    rate: int
    delay: float
    language: str | None = None
    context_bias: tuple[str, ...] = ()
    turn_detection: Mapping[str, float | int] | None = None


class Transcriber:
    """One call's ears. `hear`, `flush` and `speech` never wait; facts are told as they come, the times of cues in the loop's.

    The sound goes onto a tape that each connection reads. What was said but not answered with final words stays on it, so a connection that is lost,
    closed or silent is replaced by one that hears it again. Who reports speech has this watched over: see `core/vigil.py`.
    replaceable: a stand-in waits to take over, so it gives up sooner.
    """

    def __init__(self, sdk: Mistral, sockets: Sockets, hearing: Hearing, tell: Callable[[Fact], None], *, replaceable: bool = False) -> None:
        self._sdk = sdk
        self._sockets = sockets
        self._hearing = hearing
        self._tell = tell
        self._tape = Tape(hearing.rate)
        self._transcript = Transcript(turns=hearing.turn_detection is not None, language=hearing.language)
        self._more = asyncio.Event()
        self._connection: RealtimeConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._problem: Exception | None = None
        self._deadlines: dict[int, asyncio.TimerHandle] = {}
        self._misses = 0
        self._vigil = Vigil(hearing.delay + DONE_LIMIT, _turn_limit(hearing))
        self._watch: asyncio.TimerHandle | None = None
        self._pauses_again: Sequence[float] = SOON if replaceable else PAUSES
        self._pauses = iter(START_PAUSES)

    async def open(self) -> None:
        """Connect. Raises CallFailed when that is refused or fails for good."""
        self._connection = await self._connect(None)
        self._pauses = iter(self._pauses_again)

    async def run(self) -> None:
        """Listen until cancelled. Raises CallFailed when the service cannot be had any more."""
        clock = asyncio.get_running_loop().time
        problem: Exception | None = None
        while True:
            connection = self._connection or await self._connect(problem)
            began = clock()
            problem = await self._serve(connection)
            if clock() - began > PROVEN:
                self._pauses = iter(self._pauses_again)
            self._report(self._transcript.again())
            self._tape.rewind()
            if not self._transcript.waiting:
                await self._more.wait()  # a service that closes for want of sound is not needed before there is some

    def hear(self, pcm: bytes, t: float) -> None:
        """The caller's next sound: mono int16, its last sample arrived at `t`."""
        self._tape.add(pcm, t)
        kept = SPEECH_KEPT if self._transcript.waiting or self._vigil.waiting else SILENCE_KEPT + self._hearing.delay
        self._tape.trim(read=kept, most=SPEECH_KEPT)
        if self._tape.unread >= (APPEND if self._transcript.waiting else IDLE_APPEND):
            self._more.set()

    def flush(self) -> None:
        """The segment ends here. Its final words follow within a deadline, "" when nothing was said."""
        self._tape.flush(self._transcript.flush())
        self._more.set()

    def speech(self, on: bool, t: float) -> None:
        """A voice detector says that the caller's speech began or ended, at `t`: it ends the segments of a model without turn events, and is the
        watchdog of every model."""
        self._vigil.speech(_now(), on, t)
        if not on and self._hearing.turn_detection is None:
            self.flush()
        self._watch_over()

    async def close(self) -> None:
        """Let the connection go; does not wait for the service."""
        if self._watch is not None:
            self._watch.cancel()
        self._let_go()

    async def _connect(self, problem: Exception | None) -> RealtimeConnection:
        """A new connection, after the pauses that the last `problem` and those of the attempts here call for."""
        from mistralai.extra.exceptions import RealtimeTranscriptionException

        while problem is None or not explain(problem).lasting:
            pause = next(self._pauses, None)
            if pause is None:
                break
            await asyncio.sleep(pause)
            try:
                return await self._sockets.connect(self._opening())
            except (RealtimeTranscriptionException, TimeoutError) as failure:
                problem = failure
        raise (explain(problem).to(CallFailed) if problem else CallFailed("Mistral keeps closing the session.")) from problem

    def _opening(self) -> Coroutine[Any, Any, RealtimeConnection]:
        from mistralai.client.models import AudioFormat, TurnDetectionConfig

        hearing = self._hearing
        return self._sdk.audio.realtime.connect(
            hearing.model,
            AudioFormat(encoding="pcm_s16le", sample_rate=hearing.rate),
            target_streaming_delay_ms=round(hearing.delay * 1000),
            context_bias=list(hearing.context_bias) or None,
            language=hearing.language,
            turn_detection=TurnDetectionConfig.model_validate(hearing.turn_detection) if hearing.turn_detection else None,
        )

    async def _serve(self, connection: RealtimeConnection) -> Exception | None:
        """Send and read until the connection is lost; what it was lost by, None when the service just closed it."""
        self._connection = connection
        self._reader = asyncio.create_task(self._read(connection), name="transcription.read")
        sender = asyncio.create_task(self._send(connection), name="transcription.send")
        tasks = (self._reader, sender)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._let_go()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        problem, self._problem = self._problem, None
        problem = problem or next((each for each in results if isinstance(each, Exception)), None)
        if problem is not None and not isinstance(problem, failures()):
            raise problem  # a mistake of ours, which another connection would repeat
        log.info("the connection of the transcription is lost: %s", explain(problem).plain if problem else "Mistral closed it.")
        return problem

    async def _send(self, connection: RealtimeConnection) -> None:
        while True:
            self._more.clear()
            while (piece := self._tape.read(LARGEST_APPEND)) is not None:
                if isinstance(piece, Flush):
                    await connection.flush_audio()
                    self._expect(piece.segment)
                else:
                    await connection.send_audio(piece)
            await self._more.wait()

    async def _read(self, connection: RealtimeConnection) -> None:
        async for event in connection.events():
            kind, fields = _plain(event)
            self._hears(kind, fields)

    def _hears(self, kind: str, fields: Mapping[str, Any]) -> None:
        """One event, by its name on the wire; those that are not listed say nothing about the words."""
        transcript = self._transcript
        if kind in _SIGNS:
            self._vigil.sign(_now())
        match kind:
            case "transcription.text.delta":
                self._report(transcript.delta(fields["text"]))
            case "transcription.language":
                self._report(transcript.language(fields["audio_language"]))
            case "transcription.done":
                self._misses = 0
                self._report(transcript.done(fields["text"]))
            case "turn.start" | "turn.eager_end" | "turn.resume" | "turn.end":
                self._report(transcript.cue(_CUES[kind], fields["time_s"]))
            case "error":
                self._abandon(_error(fields))
        self._watch_over()

    def _report(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, Said):
                self._settle(fact)
                self._tell(fact)
            else:
                self._tell(replace(fact, at=self._tape.when(fact.at)))
                if fact.kind == "end":
                    self._tape.heard_until(fact.at)

    def _settle(self, said: Said) -> None:
        """Final words need no deadline and no sound any more."""
        if said.final:
            self._tape.answered(said.segment)
            if deadline := self._deadlines.pop(said.segment, None):
                deadline.cancel()
            if not self._transcript.waiting:
                self._vigil.answered(_now())

    def _expect(self, segment: int) -> None:
        limit = self._hearing.delay + DONE_LIMIT
        self._deadlines[segment] = asyncio.get_running_loop().call_later(limit, self._overdue, segment)

    def _overdue(self, segment: int) -> None:
        self._deadlines.pop(segment, None)
        if self._judge():
            return  # the segment gets another deadline there
        self._report(self._transcript.overdue(segment))
        self._misses += 1
        if self._misses >= MISSES:
            self._misses = 0
            self._abandon(None)

    def _watch_over(self) -> None:
        """Have the vigil asked when it wants to be. A deadline that has moved on is found out about then."""
        deadline = self._vigil.deadline(self._transcript.in_turn)
        if deadline is not None and (self._watch is None or deadline < self._watch.when()):
            if self._watch is not None:
                self._watch.cancel()
            self._watch = asyncio.get_running_loop().call_at(deadline, self._judge)

    def _judge(self) -> bool:
        """Whether another connection takes over from one that has gone quiet."""
        verdict = self._vigil.judge(_now(), self._transcript.in_turn)
        match verdict:
            case "renew":
                log.info("the transcription has gone quiet: another connection hears the caller's last words again")
                self._abandon(None)
            case "close":
                self._report(self._transcript.lapse())
                self._vigil.answered(_now())
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._watch_over()
        return verdict == "renew"

    def _abandon(self, problem: Exception | None) -> None:
        """The connection is of no use any more."""
        self._problem = problem
        self._let_go()  # before the reader: cancelled, it would wait for the service to close
        if self._reader is not None:
            self._reader.cancel()

    def _let_go(self) -> None:
        for deadline in self._deadlines.values():
            deadline.cancel()
        self._deadlines.clear()
        if self._connection is not None:
            self._sockets.retire(self._connection)
            self._connection = None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _turn_limit(hearing: Hearing) -> float | None:
    """Seconds from the end of speech in which the end of its turn has to come, where the service tells turns."""
    turns = hearing.turn_detection
    return None if turns is None else turns["end_timeout_ms"] / 1000 + hearing.delay + DONE_LIMIT


_CUES: dict[str, kinds.Cue] = {"turn.start": "start", "turn.eager_end": "eager", "turn.resume": "resume", "turn.end": "end"}

_SIGNS = frozenset(("transcription.text.delta", "transcription.done", *_CUES))
"""Events that say something about the sound."""


def _plain(event: Any) -> tuple[str, Mapping[str, Any]]:
    """An event's name and fields. One that misses a required field (the SDK gives it as unknown) may still have those that matter here."""
    if hasattr(event, "content"):
        fields = event.content if isinstance(event.content, dict) else {}
        required = _REQUIRED.get(event.type or "", {})
        return (event.type or "") if all(isinstance(fields.get(name), kind) for name, kind in required.items()) else "", fields
    return event.type, vars(event)


_REQUIRED: dict[str, dict[str, type | UnionType]] = {
    "transcription.text.delta": {"text": str},
    "transcription.language": {"audio_language": str},
    "transcription.done": {"text": str},
    **{name: {"time_s": int | float} for name in _CUES},
}


def _error(fields: Mapping[str, Any]) -> Exception:
    from mistralai.extra.exceptions import RealtimeTranscriptionException

    detail = fields.get("error")
    message = detail.get("message") if isinstance(detail, dict) else getattr(detail, "message", None)
    code = detail.get("code") if isinstance(detail, dict) else getattr(detail, "code", None)
    text = message.get("detail") if isinstance(message, dict) else message
    return RealtimeTranscriptionException(str(text or "no reason given"), code=code if isinstance(code, int) else None)
