import numpy as np

from voicegraph.core.concealment import FADE, Concealer
from voicegraph.core.sound import Pcm

RATE = 16_000


def tone(seconds: float) -> Pcm:
    return (10_000 * np.sin(2 * np.pi * 300 * np.arange(int(RATE * seconds)) / RATE)).astype(np.int16)


def test_it_goes_on_where_the_sound_stopped() -> None:
    concealer = Concealer(RATE)
    last = tone(0.02)
    concealer.keep(last)
    assert concealer.conceal(320)[0] == last[-1]


def test_it_fades_to_silence() -> None:
    concealer = Concealer(RATE)
    concealer.keep(tone(0.02))
    made = np.concatenate([concealer.conceal(320) for _ in range(5)]).astype(float)
    loudness = [float(np.abs(made[at : at + 320]).max()) for at in range(0, made.size, 320)]
    assert loudness[0] > loudness[1] > loudness[2] > 0
    assert not made[int(FADE * RATE) :].any()


def test_real_sound_begins_it_anew() -> None:
    concealer = Concealer(RATE)
    concealer.keep(tone(0.02))
    first = concealer.conceal(320)
    concealer.conceal(3200)
    concealer.keep(tone(0.02))
    assert np.array_equal(concealer.conceal(320), first)


def test_before_any_sound_there_is_silence() -> None:
    assert not Concealer(RATE).conceal(320).any()
    assert Concealer(RATE).conceal(0).size == 0
