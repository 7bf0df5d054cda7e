"""Sound out of a file of whatever format, by FFmpeg (PyAV). The files come from strangers."""

from __future__ import annotations

import io

import av
import numpy as np

from voicegraph.core.sound import Pcm
from voicegraph.errors import UnfitReference

LONGEST = 120.0
"""Seconds that are read: a small file can hold hours of silence."""

_CONTAINERS = "wav,w64,aiff,au,caf,flac,mp3,aac,amr,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,asf,avi"
"""FFmpeg's demuxers for files that hold all of their sound themselves. Others, such as playlists, name further files and addresses to open."""

_UNREADABLE = "This is no recording that can be read. Any usual format will do: WAV, MP3, M4A, Ogg, WebM, FLAC."


def decode(data: bytes, rate: int) -> Pcm:
    """The first audio stream of a file, mono, at `rate` Hz. Blocks for some milliseconds. Raises UnfitReference with a sentence."""
    try:
        with av.open(io.BytesIO(data), "r", options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}) as file:
            return _sound(file, rate)
    except (av.FFmpegError, ValueError) as problem:  # of ValueError: PyAV has it for frames that no resampler takes
        raise UnfitReference(_UNREADABLE) from problem


def _sound(file: av.container.InputContainer, rate: int) -> Pcm:
    if not file.streams.audio:
        raise UnfitReference("There is no sound in this file. Choose a recording of the voice.")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces: list[Pcm] = []
    left = LONGEST * rate
    for frame in file.decode(audio=0):
        for out in resampler.resample(frame):
            pieces.append(out.to_ndarray()[0])
            left -= len(pieces[-1])
        if left < 0:
            raise UnfitReference(f"This recording lasts more than {LONGEST / 60:g} min: cut out half a minute or less.")
    pieces.extend(out.to_ndarray()[0] for out in resampler.resample(None))
    return np.concatenate([np.zeros(0, np.int16), *pieces])
