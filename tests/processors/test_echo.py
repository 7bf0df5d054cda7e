import numpy as np

from voicegraph.frames import CallerAudio
from voicegraph.processors.echo import Echo
from voicegraph.testing.runner import OneNode


async def test_what_comes_in_goes_out() -> None:
    pcm = np.arange(320, dtype=np.int16)
    async with OneNode(Echo, rates={"audio": 16000}) as node:
        node.give("audio", CallerAudio(pcm=pcm, rate=16000, t=1.0))
        (frame,) = node.sent("audio")
    assert frame.pcm is pcm
    assert frame.rate == 16000
    assert frame.epoch is None
