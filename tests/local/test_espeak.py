import asyncio

import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.local.espeak import RATE, EspeakEngine, UnknownVoice, Voice, synthesise

SENTENCE = 'Hello there, "Zoë" is 3.5 years old.'


def test_a_sentence_becomes_sound_of_a_plausible_length() -> None:
    spoken = synthesise(SENTENCE, Voice())
    assert 1.5 < len(spoken.pcm) / RATE < 5
    assert np.abs(spoken.pcm).max() > 5000


def test_each_word_is_marked_once_where_it_stands_in_the_text() -> None:
    marks = synthesise(SENTENCE, Voice()).words
    assert [SENTENCE[mark.at :].split()[0] for mark in marks] == ["Hello", "there,", 'Zoë"', "is", "3.5", "years", "old."]
    assert [mark.seconds for mark in marks] == sorted(mark.seconds for mark in marks)


def test_marks_lie_within_the_sound() -> None:
    spoken = synthesise("one two three", Voice())
    assert spoken.words[0].seconds == 0
    assert 0.2 < spoken.words[2].seconds < len(spoken.pcm) / RATE - 0.2


def test_a_faster_voice_takes_less_time() -> None:
    slow, fast = (len(synthesise("one two three four five", Voice(speed=speed)).pcm) for speed in (120, 240))
    assert fast < 0.7 * slow


def test_a_sentence_may_be_followed_by_its_pause() -> None:
    plain, paused = (synthesise("That is all.", Voice(), pause=pause).pcm for pause in (False, True))
    assert len(paused) - len(plain) > 0.1 * RATE


@pytest.mark.parametrize("name", ["en-gb", "en-us", "en", "EN-US", "gmw/en-US", "de", "en-us+f3"])
def test_voices_have_several_names(name: str) -> None:
    assert len(synthesise("one", Voice(name)).pcm)


def test_variants_sound_different() -> None:
    """Seen in where the energy lies: the same sentence twice in one voice differs by a few samples."""

    def spectrum(name: str) -> Pcm:
        power = np.abs(np.fft.rfft(synthesise("one two three", Voice(name)).pcm, n=RATE))[:2000]
        bands: Pcm = power.reshape(20, 100).sum(axis=1) / power.sum()
        return bands

    plain, again, other = spectrum("en-us"), spectrum("en-us"), spectrum("en-us+f3")
    assert np.abs(plain - other).sum() > 3 * np.abs(plain - again).sum()


def test_an_unknown_voice_names_those_that_exist() -> None:
    with pytest.raises(UnknownVoice, match=r"no voice 'xx'; it has .*en-gb"):
        synthesise("one", Voice("xx"))


@pytest.mark.parametrize("text", ["", " ", "…", "\0", "🙂"])
def test_what_cannot_be_said_does_no_harm(text: str) -> None:
    assert len(synthesise(text, Voice()).pcm) < 2 * RATE


def test_synthesis_can_be_stopped_and_the_next_one_is_whole() -> None:
    text = "one two three four five six seven eight nine ten"
    asked = []

    def after_some_pieces() -> bool:
        asked.append(True)
        return len(asked) > 5

    whole = synthesise(text, Voice()).pcm
    part = synthesise(text, Voice(), stopped=after_some_pieces).pcm
    assert len(asked) == 6
    assert 0 < len(part) < len(whole) / 4
    assert len(synthesise(text, Voice()).pcm) == pytest.approx(len(whole), rel=0.01)


async def test_the_engine_is_free_after_a_cancellation() -> None:
    engine = EspeakEngine()
    long = asyncio.create_task(engine.say("one two three four five " * 2000, Voice()))
    await asyncio.sleep(0)
    long.cancel()
    spoken = await engine.say("one", Voice())
    assert long.cancelled()
    assert len(spoken.pcm) / RATE < 1
    await engine.close()


async def test_voices_at_the_same_time_do_not_mix() -> None:
    engines = [EspeakEngine(), EspeakEngine()]
    voices = [Voice("en-us"), Voice("de", speed=250)]
    both = await asyncio.gather(*(engine.say(SENTENCE, voice) for engine, voice in zip(engines, voices, strict=True)))
    for spoken, voice, engine in zip(both, voices, engines, strict=True):
        assert len(spoken.pcm) == pytest.approx(len(synthesise(SENTENCE, voice).pcm), rel=0.01)
        await engine.close()


async def test_loading_an_unknown_voice_fails_the_call_with_a_sentence() -> None:
    engine = EspeakEngine()
    with pytest.raises(CallFailed, match="no voice 'klingonese'"):
        await engine.load(Voice("klingonese"))
    await engine.close()
