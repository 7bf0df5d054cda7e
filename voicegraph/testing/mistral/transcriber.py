"""The model behind realtime transcription: sound in, events out. Pure: its clock is the audio that it has heard."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from voicegraph.testing.mistral.behaviour import Delays, Event, Faults, Script
from voicegraph.testing.mistral.ears import FRAME, Ears
from voicegraph.testing.mistral.encodings import Samples
from voicegraph.testing.mistral.hearing import Hearing
from voicegraph.testing.mistral.protocol import Due
from voicegraph.testing.mistral.turns import TurnChange, TurnDetector
from voicegraph.testing.mistral.utterance import Utterance

_STRETCH = round(0.1 / FRAME)  # frames of speech that make a stretch: more than the tail that the ears still hear after a flush


class Transcriber:
    """Hears one session.

    A stretch of speech, which gets one utterance of the script, begins with 0.1 s of speech and lasts until the next flush; with turn detection, no
    longer than its turn. Silence is measured in the audio that has come: when audio stops coming, nothing happens, as with the hosted model.
    """

    def __init__(self, hearing: Hearing, script: Script, delays: Delays, faults: Faults, stream: int) -> None:
        self._hearing, self._script, self._delays, self._faults, self._stream = hearing, script, delays, faults, stream
        self._ears = Ears(hearing.rate)
        turns = hearing.turn_detection
        self._turns = None if turns is None else TurnDetector(delays.eager_end, turns["min_silence_ms"] / 1000)
        self._turning: dict[TurnChange, Callable[[], list[Due]]] = {
            "start": lambda: [self._turn("turn.start")],
            "eager_end": self._at_eager_end,
            "resume": self._at_resume,
            "end": self._at_turn_end,
        }
        self._frames = 0
        self._run = 0  # frames of speech without a gap
        self._stretches = 0
        self._segments = 0
        self._utterance: Utterance | None = None
        self._language_told = script.language is None
        self._texts: list[str] = []

    @property
    def now(self) -> float:
        """Seconds of audio heard."""
        return self._frames * FRAME

    def hear(self, samples: Samples) -> list[Due]:
        """The events that more sound brings."""
        events: list[Due] = []
        for speech in self._ears.hear(samples):
            self._frames += 1
            for change in self._turns.step(speech) if self._turns else ():
                events += self._turning[change]()
            self._listen(speech)
            if self._utterance:
                events += self._words(self._utterance.due(self.now))
        return events

    def flush(self) -> list[Due]:
        """The segment is closed: the words that were held, and `transcription.done`, after the final delay."""
        words = self._words(self._utterance.rest()) if self._utterance else []
        return [Due(after=self._delays.final), *words, *self._done()]

    def _listen(self, speech: bool) -> None:
        self._run = self._run + 1 if speech else 0
        if self._utterance is None and self._run == _STRETCH:
            self._utterance = self._next_utterance()
            for _ in range(_STRETCH - 1):
                self._utterance.speak(self.now)
        if self._utterance and speech:
            self._utterance.speak(self.now)

    def _next_utterance(self) -> Utterance:
        text = self._script.utterance(self._stream, self._stretches)
        self._stretches += 1
        delay = self._hearing.delay_ms / 1000
        return Utterance(text, phrased=self._turns is not None, held=self._script.held_words, per_word=self._delays.per_word, delay=delay)

    def _at_eager_end(self) -> list[Due]:
        words = self._words(self._utterance.pause()) if self._utterance and self._script.eager_complete else []
        return [*words, self._turn("turn.eager_end")]

    def _at_resume(self) -> list[Due]:
        if self._utterance:
            self._utterance.resume()
        return [self._turn("turn.resume")]

    def _at_turn_end(self) -> list[Due]:
        end = self._turn("turn.end", end_reason="threshold")
        if self._utterance is None:  # a flush has closed the segment already
            return [end]
        words = self._words(self._utterance.rest())
        if not self._script.done_after_turn_end:
            self._close()
            return [*words, end]
        return [*words, end, Due(after=self._delays.final), *self._done()]

    def _turn(self, name: str, **more: Any) -> Due:
        return Due({"type": name, "time_s": round(self.now, 2), **more})

    def _words(self, words: list[str]) -> list[Due]:
        events = [Due({"type": "transcription.text.delta", "text": word}) for word in words]
        if events and not self._language_told:
            self._language_told = True
            events.insert(0, Due({"type": "transcription.language", "audio_language": self._script.language}))
        return events

    def _close(self) -> str:
        self._run = 0
        text = self._utterance.text if self._utterance else ""
        self._utterance = None
        self._segments += 1
        self._texts.append(text)
        return text

    def _done(self) -> list[Due]:
        text = self._close()
        if self._faults.done_lost_from is not None and self._segments >= self._faults.done_lost_from:
            return []
        if self._faults.done_cumulative:
            text = " ".join(filter(None, self._texts))
        usage: Event = {"prompt_audio_seconds": math.ceil(self.now), "prompt_tokens": 0, "completion_tokens": len(text.split())}
        usage["total_tokens"] = usage["completion_tokens"]
        return [Due({"type": "transcription.done", "model": self._hearing.model, "text": text, "language": None, "segments": [], "usage": usage})]
