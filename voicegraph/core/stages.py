"""Where the time from the end of the caller's speech to the first sample of the answer went, so that the parts add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

TURN_END, FIRST_SAMPLE = "turn end", "first sample"


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn of the caller's ended. Times in seconds of one clock.

    why: `silence`, `model`, `watchdog` or `asked`. spoken: when the speech ended, None when there was none. over: when the turn was certainly over.
    speculations: replies begun before that; all but the last were thrown away.
    """

    why: str
    spoken: float | None
    over: float
    speculations: int

    def report(self, firsts: Mapping[str, float], sounded: float, playout_delay: float | None = None) -> dict[str, object]:
        """What is known when the first sample of the answer has left, at `sounded`; whole milliseconds, ready for JSON.

        firsts: when each output port gave its first frame of the reply. Each stage lasts from the one before; a speculative reply has stages
        before the end of the turn. `unattributed_ms` is what the stages leave of the total. playout_delay: seconds that the sound takes from the
        client's network to the caller's ears, as the client says; it comes after the total and is told beside it.
        """
        begin = self.spoken if self.spoken is not None else min([self.over, *firsts.values()])
        points = sorted([(self.over, TURN_END), *((at, port) for port, at in firsts.items()), (sounded, FIRST_SAMPLE)])
        ends = [0, *(_ms(max(at - begin, 0.0)) for at, _ in points)]  # rounded before the difference is taken, or the parts would not add up
        stages = [{"stage": name, "ms": end - before} for (_, name), (before, end) in zip(points, pairwise(ends), strict=True)]
        data: dict[str, object] = {
            "ended_by": self.why,
            "speculations": self.speculations,
            "stages": stages,
            "unattributed_ms": _ms(sounded - begin) - ends[-1],
            "turn_end_to_first_sound_ms": _ms(sounded - self.over),
        }
        if self.spoken is not None:
            data["speech_end_to_turn_end_ms"] = _ms(self.over - self.spoken)
            data["speech_end_to_first_sound_ms"] = _ms(sounded - self.spoken)
        if playout_delay is not None:
            data["playout_delay_ms"] = _ms(playout_delay)
        return data


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
