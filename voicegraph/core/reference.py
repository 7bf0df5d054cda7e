"""A recording of the voice that is to be cloned: whether it will do, and what is sent of it.

All levels are in dB relative to full scale, as the power of 20 ms frames. The level of the speech is measured over the time in which somebody
speaks, as ITU-T P.56 does it, so that pauses do not count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicegraph.core.sound import Pcm
from voicegraph.errors import UnfitReference

RATE = 24_000
"""Hz of a reference: what speech models make, and so the most that they need."""
SHORTEST, LONGEST = 3.0, 25.0
"""Seconds that the service takes."""

_FRAME = RATE // 50
_MARGIN = RATE // 10
"""Samples that stay before the first word and after the last one."""
_QUIETEST = -45.0
"""dB of speech below which raising it would raise mostly noise."""
_PAUSE = 30.0
"""dB below the loudest frames at which nobody speaks any more."""
_TARGET, _HEADROOM = -20.0, -1.0
"""dB to which the speech is brought, as far as no peak comes above the second figure."""
_FLAT, _MOST_FLAT = 0.985, 0.005
"""A sample this near to the largest one is flat; of speech that was never clipped some 0.0002 are, and where more than this share are, it was."""


_SILENT = "Nothing can be heard in this recording. Check that the right microphone is on, and record it again."
_TOO_QUIET = "This recording is too quiet: its noise would become part of the voice. Go nearer to the microphone, and record it again."
_TOO_LOUD = "This recording was too loud for its microphone and is distorted. Go further away or speak more softly, and record it again."


def prepare(pcm: Pcm) -> Pcm:
    """The clip as it is sent: mono at `RATE`, without the silence around it, at one loudness. Raises UnfitReference with a sentence."""
    levels = _levels(pcm)
    speaks = levels > max(_QUIETEST - 10, _loudest(levels) - _PAUSE)
    spoken = np.count_nonzero(speaks) * _FRAME / RATE
    if not len(pcm) or not spoken:
        raise UnfitReference(_SILENT)
    clip = _trimmed(pcm, speaks)
    _check_length(len(clip) / RATE, spoken)
    level = 10 * np.log10(np.mean(10 ** (levels[speaks] / 10)))
    if level < _QUIETEST:
        raise UnfitReference(_TOO_QUIET)
    size = np.abs(clip.astype(np.int32))
    if np.mean(size >= _FLAT * size.max()) > _MOST_FLAT:
        raise UnfitReference(_TOO_LOUD)
    return _loud(clip, level)


def _check_length(seconds: float, spoken: float) -> None:
    if seconds > LONGEST:
        raise UnfitReference(f"This recording lasts {seconds:.0f} s, and at most {LONGEST:g} s are taken: cut out the part with the clearest speech.")
    if seconds < SHORTEST:
        raise UnfitReference(f"This recording has {seconds:.1f} s of speech, and at least {SHORTEST:g} s are needed: read a whole paragraph.")
    if spoken < SHORTEST / 2:
        raise UnfitReference(f"Only {spoken:.1f} s of this recording's {seconds:.0f} s are speech: record it again with fewer pauses.")


def _levels(pcm: Pcm) -> NDArray[np.float64]:
    """Of each whole frame."""
    frames = pcm[: len(pcm) // _FRAME * _FRAME].reshape(-1, _FRAME) / 32768.0
    power: NDArray[np.float64] = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    return power


def _loudest(levels: NDArray[np.float64]) -> float:
    """Of the louder words: one click is no word."""
    return float(np.percentile(levels, 95)) if len(levels) else 0.0


def _trimmed(pcm: Pcm, speaks: NDArray[np.bool_]) -> Pcm:
    frames = np.flatnonzero(speaks)
    return pcm[max(0, frames[0] * _FRAME - _MARGIN) : (frames[-1] + 1) * _FRAME + _MARGIN]


def _loud(pcm: Pcm, level: float) -> Pcm:
    peak = 20 * np.log10(np.max(np.abs(pcm.astype(np.int32))) / 32768.0)
    gain = 10 ** (min(_TARGET - level, _HEADROOM - peak) / 20)
    loud: Pcm = np.rint(pcm * gain).astype(np.int16)
    return loud
