import numpy as np

from voicegraph.audio.resample import resample
from voicegraph.core.ledger import Mark, Span
from voicegraph.core.sound import Pcm
from voicegraph.frames import CallerAudio, ReplyAudio
from voicegraph.processors.resampler import Resampler
from voicegraph.testing.runner import OneNode


def tone(rate: int, seconds: float) -> Pcm:
    return (9000 * np.sin(2 * np.pi * 300 * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def reply(pcm: Pcm, epoch: int, pieces: int = 9) -> list[ReplyAudio]:
    chunks = np.array_split(pcm, pieces)
    return [ReplyAudio(pcm=chunk.copy(), rate=22050, epoch=epoch, last=i == pieces - 1) for i, chunk in enumerate(chunks)]


def joined(node: OneNode, since: int = 0) -> Pcm:
    return np.concatenate([frame.pcm for frame in node.sent("audio")[since:]])


async def test_the_callers_sound_becomes_one_stream_at_the_new_rate() -> None:
    pcm = tone(48000, 0.3)
    async with OneNode(Resampler, {"rate": 16000}, rates={"audio": 48000}) as node:
        for i, chunk in enumerate(np.array_split(pcm, 15)):
            node.give("audio", CallerAudio(pcm=chunk.copy(), rate=48000, t=0.02 * i))
        frames = node.sent("audio")
        assert [frame.t for frame in frames] == [0.02 * i for i in range(15)]
        assert {frame.rate for frame in frames} == {16000}
        assert np.array_equal(joined(node), resample(pcm, 48000, 16000)[:-16])


async def test_a_reply_comes_out_whole_with_everything_that_it_carries() -> None:
    pcm = tone(22050, 0.3)
    async with OneNode(Resampler, {"rate": 24000}, rates={"audio": 22050}) as node:
        epoch = node.begin()
        span, marks = Span("Hello", 3), (Mark(0.01, 3),)
        head = ReplyAudio(pcm=pcm[:100].copy(), rate=22050, span=span, marks=marks, ends=True, epoch=epoch)
        node.give("audio", head, *reply(pcm[100:], epoch))
        first = node.sent("audio")[0]
        assert (first.span, first.marks, first.ends, first.epoch) == (span, marks, True, epoch)
        assert node.sent("audio")[-1].last
        assert np.array_equal(joined(node), resample(pcm, 22050, 24000))


async def test_a_dropped_reply_leaves_nothing_in_the_next() -> None:
    pcm = tone(22050, 0.3)
    async with OneNode(Resampler, {"rate": 24000}, rates={"audio": 22050}) as node:
        node.give("audio", *reply(pcm, node.begin())[:-1])
        node.drop()
        before = len(node.sent("audio"))
        node.give("audio", *reply(pcm, node.begin()))
        assert np.array_equal(joined(node, before), resample(pcm, 22050, 24000))


async def test_the_end_of_a_reply_does_not_disturb_the_callers_sound() -> None:
    pcm = tone(48000, 0.3)
    async with OneNode(Resampler, {"rate": 16000}, rates={"audio": 48000}) as node:
        node.begin()
        node.give("audio", CallerAudio(pcm=pcm[:5000].copy(), rate=48000, t=0.0))
        node.drop()
        node.give("audio", CallerAudio(pcm=pcm[5000:].copy(), rate=48000, t=0.3))
        assert np.array_equal(joined(node), resample(pcm, 48000, 16000)[:-16])


async def test_a_reply_that_ends_without_more_sound_still_gives_its_tail() -> None:
    pcm = tone(22050, 0.3)
    async with OneNode(Resampler, {"rate": 24000}, rates={"audio": 22050}) as node:
        epoch = node.begin()
        nothing = np.zeros(0, np.int16)
        node.give("audio", *reply(pcm, epoch)[:-1], ReplyAudio(pcm=nothing, rate=22050, epoch=epoch, last=True))
        heard = joined(node)
        assert len(heard) == len(resample(np.concatenate([frame.pcm for frame in reply(pcm, epoch)[:-1]]), 22050, 24000))


async def test_at_the_same_rate_the_frame_itself_goes_on() -> None:
    async with OneNode(Resampler, {"rate": 16000}, rates={"audio": 16000}) as node:
        frame = CallerAudio(pcm=tone(16000, 0.02), rate=16000, t=0.0)
        node.give("audio", frame)
        assert node.sent("audio") == [frame]
        assert node.sent("audio")[0] is frame
