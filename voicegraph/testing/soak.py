"""Random conversations with everything going wrong, and what must be true of them all the same: `python -m voicegraph.testing.soak -n 10000`.

A seed is a conversation: callers who interrupt twice at once, cough and type, words that come late and out of order, agents and voices that
fail, stall or are slow. In virtual time, so that a seed that breaks a promise breaks it every time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from voicegraph.core.playout import FADE
from voicegraph.frames import Heard, Playing, Progress, ReplyText, Turn
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.conversation import PACKET, Conversation
from voicegraph.testing.scripted import RATE, SECONDS_PER_CHARACTER, Answer, Take, loudness

SILENCE = 0.5
"""Seconds that a reply may be silent although there is sound of it and nothing pauses it."""
DUCK = 10 ** (-12 / 20)
APOLOGY = "Sorry, that fails today."
"""Of words as long as those of the answers: of shorter ones the history may be off by more than one, since the voice does not tell."""
_HUMS = ("Uh-huh.", "yeah", "Okay.")
_ASIDES = ("failed", "stopped", "too slow", "ended")
"""Reasons for which a typed question stays without an answer."""


@dataclass
class Trial:
    """One conversation: what was said and typed in it, and what was answered. `complete`: it ended quietly, so that nothing may be left open."""

    seed: int
    dice: random.Random
    said: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    answers: dict[int, str] = field(default_factory=dict)
    calm: bool = False
    complete: bool = False
    tasks: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """A sentence of words that nobody has said before."""
        words = [f"w{len(self.said) + count}" for count in range(self.dice.randint(2, 6))]
        self.said += words
        return " ".join(words) + self.dice.choice((".", "?", ".", "", ","))

    def answer(self, turn: Turn) -> Answer:
        dice = self.dice
        text = turn.say or " ".join(f"{'word ' * dice.randint(0, 7)}said." for _ in range(dice.randint(1, 4)))
        assert turn.epoch is not None
        self.answers[turn.epoch] = text
        if self.calm:
            return Answer(text)
        delay = dice.choices((0.05, 0.3, 0.9, 3.0, 10.0), (30, 40, 20, 5, 2))[0]
        fails = dice.randint(0, 6) if dice.random() < 0.06 else None
        return Answer(text, delay, dice.choice((0.0, 0.01, 0.08)), fails, effect=turn.why == "words" and dice.random() < 0.2)

    def take(self, text: ReplyText) -> Take:
        dice = self.dice
        if self.calm:
            return Take()
        stall = (dice.uniform(0.0, 1.5), dice.choice((0.2, 0.8, 3.0))) if dice.random() < 0.12 else None
        speed = dice.choice((0.9, 3.0, 10.0, 40.0))
        return Take(dice.choice((0.02, 0.1, 0.4)), speed, stall, marks=self.seed % 3 == 0, fails=dice.random() < 0.04)


async def hold(trial: Trial) -> Conversation:
    """Hold the conversation of this trial."""
    dice = trial.dice
    floor = {"preset": dice.choice(("eager", "balanced", "balanced", "patient")), "apology": APOLOGY}
    options = floor | ({"welcome": "Hello. How can I help?"} if dice.random() < 0.5 else {})
    if dice.random() < 0.08:
        options |= {"speaking": {"interruptible": False}}  # type: ignore[dict-item]  # options are as in YAML
    call = Conversation(options, cues=dice.random() < 0.4)
    call.agent.answer, call.voice.take = trial.answer, trial.take
    async with call:
        for _ in range(dice.randint(3, 9)):
            await _act(call, trial)
            await asyncio.sleep(dice.choice((0.0, 0.05, 0.3, 1.0, 2.5, 4.0)))
        if dice.random() < 0.8:
            trial.calm = trial.complete = True
            await asyncio.sleep(2.5)
            await call.caller.say(trial.sentence())
            await _quiet(call)
    trial.tasks = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return call


async def _act(call: Conversation, trial: Trial) -> None:
    dice, caller = trial.dice, call.caller
    lag, hangover = dice.choice((0.0, 0.1, 0.4)), dice.choice((0.1, 0.2, 0.5))
    final = dice.choices((-0.1, 0.0, 0.15, 0.5, 1.0, 2.2), (1, 2, 6, 3, 2, 1))[0]
    match dice.choices(("say", "twice", "hum", "cough", "noise", "type", "stop", "mute"), (10, 4, 3, 3, 1, 3, 1, 1))[0]:
        case "say":
            await caller.say(trial.sentence(), dice.choice((None, 0.2, 1.5)), lag=lag, hangover=hangover, final=final)
        case "twice":
            await caller.say(trial.sentence(), lag=lag, hangover=hangover, final=final)
            await asyncio.sleep(hangover + dice.choice((0.01, 0.3)))
            await caller.say(trial.sentence(), 0.3, lag=lag, hangover=hangover, final=final)
        case "hum":
            await caller.say(dice.choice(_HUMS), lag=lag, hangover=hangover, final=final)
        case "cough":
            await caller.cough(dice.choice((0.05, 0.15, 0.6)))
        case "noise":
            await caller.cough(dice.choice((3.0, 8.0)))
        case "type":
            trial.typed.append(f"typed {len(trial.typed)}")
            caller.type(trial.typed[-1], interrupts=dice.random() < 0.7)
        case "stop":
            caller.stop()
        case "mute":
            caller.mute()


async def _quiet(call: Conversation, seconds: float = 6.0, limit: float = 120.0) -> None:
    """Until no reply has been live for so long."""
    since = start = call.now
    while call.now < since + seconds and call.now < start + limit:
        await asyncio.sleep(0.1)
        if call.session.replies.live is not None or call.session.replies.unsettled is not None:
            since = call.now


def promises_broken(trial: Trial, call: Conversation) -> Iterator[str]:
    """What should not have happened, one sentence each."""
    if call.reason != "hung up":
        yield f"the call ended: {call.reason}"
    if trial.tasks:
        yield f"tasks were left: {trial.tasks}"
    yield from _sound(call)
    yield from _facts(call)
    yield from _history(trial, call)
    yield from _effects(trial, call)
    if trial.complete:
        yield from _answered(trial, call)


def _sound(call: Conversation) -> Iterator[str]:
    fade, silent, sounding, before = round(FADE * RATE), 0.0, False, None
    for packet in call.sound:
        loudest, level = int(packet.pcm.max()), loudness(packet.reply or 0)
        over = loudest > 0 and packet.reply is None and bool(packet.pcm[fade:].any())
        if over or (packet.reply is None and before is None and loudest):
            yield f"at {packet.t:.2f} s there was sound of a reply that was over"
        if packet.reply is not None and packet.pcm[fade:].any():
            if not packet.confirmed:
                yield f"at {packet.t:.2f} s reply {packet.reply} sounded before it was confirmed"
            if packet.pcm[-1] not in (0, {"open": level, "ducked": int(level * DUCK), "paused": 0}[packet.gate]):
                yield f"at {packet.t:.2f} s reply {packet.reply} sounded like another, or not as loud as it should ({packet.pcm[-1]}, {packet.gate})"
        sounding = (sounding or loudest > 0) if packet.reply == before else False
        waits = sounding and not loudest and packet.gate != "paused" and packet.free < 19.0
        silent = silent + PACKET if waits else 0.0
        if silent > SILENCE:
            yield f"at {packet.t:.2f} s reply {packet.reply} was silent although it had sound"
        before = packet.reply


def _facts(call: Conversation) -> Iterator[str]:
    confirmed, heard = [turn.epoch for _, turn in call.witness.confirmed], [fact.reply for fact in call.heard]
    if confirmed != heard:
        yield f"replies {confirmed} were confirmed and {heard} heard"
    over: set[int] = set()
    shown: dict[int, str] = {}
    for at, fact in call.witness.facts:
        if isinstance(fact, Playing | Progress) and fact.reply in over:
            yield f"at {at:.2f} s reply {fact.reply} went on after its end"
        if isinstance(fact, Heard):
            over.add(fact.reply)
        if isinstance(fact, Progress):
            if not fact.text.startswith(shown.get(fact.reply, "")):
                yield f"at {at:.2f} s reply {fact.reply} went back from {shown[fact.reply]!r} to {fact.text!r}"
            shown[fact.reply] = fact.text


def _history(trial: Trial, call: Conversation) -> Iterator[str]:
    entries = {entry.reply: entry for entry in call.history}
    for fact in call.heard:
        entry = entries.pop(fact.reply, None)
        if (entry is None) != (fact.samples == 0) or (entry is not None and entry.heard != fact.text):
            yield f"reply {fact.reply} was heard as {fact.text!r} ({fact.samples} samples), and is remembered as {entry}"
        text = " ".join(trial.answers.get(fact.reply, "").split()) + " "
        spoken = text[: round(fact.samples / RATE / SECONDS_PER_CHARACTER)]
        if abs(len(spoken.split()) - len(fact.text.split())) > 1:
            yield f"of reply {fact.reply} {spoken!r} was spoken, and {fact.text!r} is said to have been heard"
    if entries:
        yield f"the history knows replies that nobody heard: {list(entries.values())}"


def _effects(trial: Trial, call: Conversation) -> Iterator[str]:
    confirmed = {turn.epoch: at for at, turn in call.witness.confirmed}
    done = " ".join(exchange.user for _, exchange in call.agent.effects)
    for at, exchange in call.agent.effects:
        if exchange.reply not in confirmed or at < confirmed[exchange.reply]:
            yield f"at {at:.2f} s reply {exchange.reply} had its effect before it was confirmed"
    for word in trial.said:
        if _words(done).count(word) > 1:
            yield f"what {word!r} asks for was done twice"


def _words(text: str) -> list[str]:
    return text.replace(".", " ").replace("?", " ").replace(",", " ").split()


def _answered(trial: Trial, call: Conversation) -> Iterator[str]:
    heard = {entry.reply for entry in call.history}
    unheard = [done.user for _, done in call.agent.effects if done.reply not in heard]  # it was done, and the caller went on before a word of it
    words = _words(" ".join([*(entry.user for entry in call.history), *unheard]))
    for word in trial.said:
        if words.count(word) != 1:
            yield f"{word!r} was said once and answered {words.count(word)} times"
    fates = {fact.reply: fact for fact in call.heard}
    for text in trial.typed:
        ends = [fates[turn.epoch or 0] for _, turn in call.witness.confirmed if turn.text == text]
        if not any(end.samples or end.why in _ASIDES for end in ends):
            yield f"{text!r} was typed and not answered"


def try_seed(seed: int) -> list[str]:
    """Hold the conversation of a seed; the promises that it broke."""
    trial = Trial(seed, random.Random(seed))
    call = run_virtual(hold(trial))
    return [f"seed {seed}: {broken}" for broken in promises_broken(trial, call)]


def soak(first: int, conversations: int, tell: Callable[[str], object]) -> int:
    """Hold the conversations of so many seeds, telling what went wrong; how many broke a promise."""
    return _count(map(try_seed, range(first, first + conversations)), tell)


def _count(outcomes: Iterable[list[str]], tell: Callable[[str], object]) -> int:
    failures = 0
    for broken in outcomes:
        failures += bool(broken)
        for sentence in broken:
            tell(sentence)
    return failures


def _hush() -> None:
    """The faults are injected: the log would be full of them."""
    logging.getLogger("voicegraph").setLevel(logging.ERROR)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m voicegraph.testing.soak", description="Random conversations in virtual time.")
    parser.add_argument("-n", "--conversations", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    began = time.perf_counter()
    seeds = range(arguments.first, arguments.first + arguments.conversations)
    with ProcessPoolExecutor(initializer=_hush) as cores:
        failures = _count(cores.map(try_seed, seeds, chunksize=20), lambda sentence: sys.stdout.write(sentence + "\n"))
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{arguments.conversations} conversations in {seconds:.0f} s, {failures} of them broke a promise\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
