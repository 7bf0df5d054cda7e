import asyncio

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from voicegraph.core.sound import Pcm
from voicegraph.rtc.inbound import TrackReader


class Frames(MediaStreamTrack):
    """Decoded frames as aiortc gives them: stereo, 48 kHz, 20 ms. `ended` is set when there are no more."""

    kind = "audio"

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count
        self.ended = asyncio.Event()

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(0)
        if self._left == 0:
            self.ended.set()
            raise MediaStreamError
        self._left -= 1
        frame = AudioFrame.from_ndarray(np.full((1, 1920), 1000, np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        return frame


async def test_frames_become_mono_at_the_rate_asked_for() -> None:
    heard: list[Pcm] = []
    seen: list[int] = []
    track = Frames(50)
    reader = TrackReader(track, lambda: seen.append(1))
    reader.listen(16_000, lambda pcm, t: heard.append(pcm))
    await track.ended.wait()
    await reader.close()
    assert len(seen) == 50
    whole = np.concatenate(heard)
    assert whole.dtype == np.int16
    assert abs(whole.size - 16_000) < 40
    assert abs(int(whole[8000]) - 1000) < 20


async def test_frames_before_anybody_listens_are_signs_of_life_only() -> None:
    seen: list[int] = []
    track = Frames(3)
    reader = TrackReader(track, lambda: seen.append(1))
    await track.ended.wait()
    await reader.close()
    assert len(seen) == 3


async def test_nothing_is_left_after_closing_in_the_middle() -> None:
    before = asyncio.all_tasks()
    reader = TrackReader(Frames(1_000_000), lambda: None)
    await asyncio.sleep(0)
    await reader.close()
    assert asyncio.all_tasks() == before
