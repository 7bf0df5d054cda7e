"""Whole conversations in virtual time: the real engine, floor, jitter buffer and loudspeaker between scripted ears, agent, voice and line.

    async def script(call: Conversation) -> None:
        await call.caller.say("What time is it?")
        await call.until_heard()
        assert call.history[-1].heard.startswith("You said")

    converse(script, floor={"preset": "eager"})

What the caller does is scripted in time; what the agent and the voice do is a function of what they are asked (`call.agent.answer`,
`call.voice.take`), so that a test can make them slow, fail or stall. What happened is kept in `turns`, `history`, `heard`, `gates`,
`problems` and `sound`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from voicegraph.frames import Frame, Heard, Interrupt, Muted, Pcm, Playing, Playout, Speech, Turn, TurnCue, Typed, Words
from voicegraph.graph.host import Host
from voicegraph.graph.processor import Gate, Processor
from voicegraph.graph.session import Session
from voicegraph.graph.spec import GraphSpec
from voicegraph.processors.interruption import Interruption
from voicegraph.processors.jitter_buffer import JitterBuffer
from voicegraph.processors.webrtc_out import WebrtcOut
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor
from voicegraph.testing.runner import FakeLine
from voicegraph.testing.scripted import RATE, SECONDS_PER_CHARACTER, Ears, Exchange, ScriptedAgent, ScriptedVoice, Witness

PACKET = 0.02
"""Seconds of sound that the line takes at a time."""
SAMPLES = round(PACKET * RATE)


@dataclass(frozen=True, slots=True)
class Packet:
    """What left for the caller at `t`, and what was true then. `reply`: the live one, `confirmed` or not.

    free: seconds of sound that the buffer would still take."""

    t: float
    pcm: Pcm
    reply: int | None
    confirmed: bool
    gate: Gate
    free: float


class Caller:
    """Someone who speaks. Times are seconds; what is late comes while the caller goes on.

    cues: the transcript tells turns (as Voxtral 3) and there is no voice detector. Otherwise there is one, and it flushes the transcript.
    """

    def __init__(self, ears: Processor, cues: bool = False) -> None:
        self.cues = cues
        self.segment = 0
        self._send = {name: outlet.send for name, outlet in ears.place.outlets.items()}

    def later(self, delay: float, port: str, frame: Frame) -> None:
        """The ears send a frame after `delay` seconds."""
        asyncio.get_running_loop().call_later(delay, self._send[port], frame)

    async def say(self, text: str, seconds: float | None = None, *, lag: float = 0.1, hangover: float = 0.2, final: float = 0.15) -> None:
        """Say a sentence; returns when the last word is spoken. `lag`: of the words behind the speech; `hangover`: of the detector at the end of
        speech; `final`: from there to the final words (in cues mode to the end of the turn, `eager` coming halfway)."""
        now, words = asyncio.get_running_loop().time(), text.split()
        seconds = len(text) * SECONDS_PER_CHARACTER if seconds is None else seconds
        end, segment = now + seconds, self.segment
        self.segment += 1
        if self.cues:
            self.later(0.0, "words", TurnCue(segment=segment, cue="start", t=now))
            self.later(seconds + hangover + final / 2, "words", TurnCue(segment=segment, cue="eager", t=end))
            self.later(seconds + hangover + final, "words", TurnCue(segment=segment, cue="end", t=end))
        else:
            self.later(0.0, "speech", Speech(on=True, t=now))
            self.later(seconds + hangover, "speech", Speech(on=False, t=end))
        for count in range(1, len(words) + 1):
            partial = Words(segment=segment, text=" ".join(words[:count]), final=False)
            self.later(seconds * count / len(words) + lag, "words", partial)
        self.later(seconds + hangover + final, "words", Words(segment=segment, text=text, final=True))
        await asyncio.sleep(seconds)

    async def cough(self, seconds: float = 0.3) -> None:
        """Make a sound without words."""
        await self.say("", seconds)

    def type(self, text: str, *, interrupts: bool = True) -> None:
        self.later(0.0, "commands", Typed(text=text, interrupts=interrupts))

    def stop(self) -> None:
        self.later(0.0, "commands", Interrupt())

    def mute(self, on: bool = True) -> None:
        self.later(0.0, "commands", Muted(on=on))


class Conversation:
    """A call in progress: `async with Conversation() as call`. Leaving the block ends it; `reason` tells why it ended.

    floor, jitter: options as in YAML. cues: see `Caller`.
    """

    def __init__(self, floor: Mapping[str, Any] | None = None, jitter: Mapping[str, Any] | None = None, *, cues: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self.line = FakeLine()
        self.session = Session(_graph(floor or {}, jitter or {}), self.line, id="conversation", host=Host())
        self.agent = processor(self.session, ScriptedAgent)
        self.voice = processor(self.session, ScriptedVoice)
        self.witness = processor(self.session, Witness)
        self.caller = Caller(processor(self.session, Ears), cues)
        self.sound: list[Packet] = []
        self.reason = ""

    @property
    def now(self) -> float:
        return self.session.now()

    @property
    def turns(self) -> list[Turn]:
        """What the agent was asked, speculative or not."""
        return [turn for _, turn in self.agent.asked]

    @property
    def history(self) -> list[Exchange]:
        return self.agent.history

    @property
    def heard(self) -> list[Heard]:
        """How each confirmed reply ended."""
        return [fact for _, fact in self.witness.facts if isinstance(fact, Heard)]

    @property
    def gates(self) -> list[tuple[float, Gate]]:
        """(when, what the caller heard of the reply from then on)."""
        return self.witness.gates

    @property
    def problems(self) -> list[str]:
        """What the page would have been told."""
        return [str(event.data["message"]) for event in self.witness.seen if event.kind == "error"]

    async def until(self, true: Callable[[], bool], limit: float = 30.0) -> None:
        """Until something is true of the facts about the replies. TimeoutError after `limit` seconds."""
        async with asyncio.timeout(limit):
            while not true():
                self.witness.changed.clear()
                await self.witness.changed.wait()

    async def until_speaking(self) -> None:
        """Until a reply that is not over has begun to sound."""
        await self.until(lambda: self._last_fact(Playing, Heard) is Playing)

    async def until_heard(self, replies: int | None = None) -> None:
        """Until one more confirmed reply is over than now, or `replies` in all."""
        wanted = len(self.heard) + 1 if replies is None else replies
        await self.until(lambda: len(self.heard) >= wanted)

    def _last_fact(self, *kinds: type[Playout]) -> type[Playout] | None:
        return next((type(fact) for _, fact in reversed(self.witness.facts) if isinstance(fact, kinds)), None)

    def _pull(self) -> None:
        assert self.witness.buffer is not None
        free, gate, replies = self.witness.buffer.free(), self.gates[-1][1], self.session.replies
        reply, confirmed = replies.live, replies.live is not None and replies.live == replies.unsettled
        self.sound.append(Packet(self.now, self.line.pull(SAMPLES), reply, confirmed, gate, free))
        self._pull_later()

    def _pull_later(self) -> None:
        """By a timer, not a task: it is most of what a conversation costs."""
        self._next_pull = self._loop.call_later(PACKET, self._pull)

    async def __aenter__(self) -> Conversation:
        await self.session.start()
        self._pull_later()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.reason = await self.session.close("hung up")
        self._next_pull.cancel()


def converse(script: Callable[[Conversation], Awaitable[None]], **options: Any) -> Conversation:
    """Run a script in virtual time; gives the conversation, which is over, to look at. `options`: see `Conversation`."""

    async def call() -> Conversation:
        async with Conversation(**options) as conversation:
            await script(conversation)
        return conversation

    return run_virtual(call())


def _graph(floor: Mapping[str, Any], jitter: Mapping[str, Any]) -> GraphSpec:
    return graph(
        Part("ears", Ears),
        Part("floor", Interruption, "ears.speech ears.words ears.commands speaker.playout", floor),
        Part("agent", ScriptedAgent, "floor.turns floor.amendments speaker.playout"),
        Part("voice", ScriptedVoice, "agent.reply>text"),
        Part("jitter", JitterBuffer, "voice.audio", jitter),
        Part("speaker", WebrtcOut, "jitter.playback"),
        Part("witness", Witness, "jitter.playback speaker.playout floor.events floor.turns"),
        rate=RATE,
    )
