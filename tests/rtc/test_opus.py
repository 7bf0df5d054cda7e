import numpy as np
import pytest

from voicegraph.core.sound import OPUS_RATES, Pcm
from voicegraph.rtc.opus import Decoder, Encoder


def tone(rate: int, seconds: float, hz: float = 440.0) -> Pcm:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def pitch(pcm: Pcm, rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(pcm.size)))
    return float(np.argmax(spectrum)) * rate / pcm.size


@pytest.mark.parametrize("rate", OPUS_RATES)
def test_sound_survives_the_way_there_and_back(rate: int) -> None:
    encoder, decoder = Encoder(rate), Decoder(16_000)
    blocks = tone(rate, 0.5).reshape(-1, rate // 50)
    heard = np.concatenate([decoder.decode(encoder.encode(block)) for block in blocks])
    assert heard.dtype == np.int16
    assert abs(heard.size - 8000) < 40
    assert pitch(heard[1600:], 16_000) == pytest.approx(440, abs=4)
    assert np.abs(heard[1600:].astype(int)).max() == pytest.approx(10_000, rel=0.3)


def test_lasting_silence_is_one_small_packet() -> None:
    encoder = Encoder(24_000)
    encoder.encode(tone(24_000, 0.02))
    silence = [encoder.encode(np.zeros(480, np.int16)) for _ in range(40)]
    assert len(set(silence[-20:])) == 1
    assert len(silence[-1]) <= 8


def test_a_voice_after_repeated_silence_is_clean() -> None:
    encoder, decoder = Encoder(48_000), Decoder(48_000)
    for _ in range(60):
        assert not np.abs(decoder.decode(encoder.encode(np.zeros(960, np.int16)))).max() > 50
    heard = np.concatenate([decoder.decode(encoder.encode(block)) for block in tone(48_000, 0.2).reshape(-1, 960)])
    assert pitch(heard[960:], 48_000) == pytest.approx(440, abs=6)


def test_a_damaged_packet_gives_nothing() -> None:
    assert Decoder(16_000).decode(b"\xff\xff\xff").size == 0
