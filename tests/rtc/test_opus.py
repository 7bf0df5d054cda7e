from collections.abc import Callable

import numpy as np
import pytest

from voicegraph.core.sound import OPUS_RATES, Pcm
from voicegraph.rtc.libopus import VOIP, LibraryDecoder, LibraryEncoder, OpusError, library
from voicegraph.rtc.opus import BIT_RATE, COMPLEXITY, AvDecoder, AvEncoder, Decoder, Encoder

FOUND = library()
assert FOUND is not None, "PyAV's wheel does not have libopus where rtc/libopus.py looks for it: every packet costs twice as much without"
LIBRARY = FOUND


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


@pytest.mark.parametrize("encoder", [AvEncoder(24_000), LibraryEncoder(LIBRARY, 24_000, BIT_RATE, COMPLEXITY)])
@pytest.mark.parametrize("decoder", [AvDecoder(16_000), LibraryDecoder(LIBRARY, 16_000)])
def test_either_codec_understands_the_other(encoder: AvEncoder | LibraryEncoder, decoder: AvDecoder | LibraryDecoder) -> None:
    heard = np.concatenate([decoder.decode(encoder.encode(block)) for block in tone(24_000, 0.5).reshape(-1, 480)])
    assert pitch(heard[1600:], 16_000) == pytest.approx(440, abs=4)
    assert decoder.conceal(320).size == 320
    assert decoder.recover(encoder.encode(tone(24_000, 0.02)), 320).size == 320
    with pytest.raises(OpusError):
        decoder.decode(b"\xff\xff\xff")


def test_a_lost_packet_is_read_from_the_copy_in_the_next() -> None:
    rate = 16_000
    sweep = (10_000 * np.sin(2 * np.pi * (200 + 900 * np.arange(rate) / rate) * np.arange(rate) / rate)).astype(np.int16).reshape(-1, 320)
    encoder = LibraryEncoder(LIBRARY, rate, BIT_RATE, COMPLEXITY, VOIP, loss=20)
    packets = [encoder.encode(block) for block in sweep]

    def hear(at_the_loss: Callable[[Decoder, bytes], Pcm]) -> Pcm:
        decoder, heard = Decoder(rate), list[Pcm]()
        for n, packet in enumerate(packets):
            if n != 30:
                heard += [at_the_loss(decoder, packet)] if n == 31 else []
                heard.append(decoder.decode(packet))
        return np.concatenate(heard)

    decoder = Decoder(rate)
    whole = np.concatenate([decoder.decode(packet) for packet in packets])

    def off(heard: Pcm) -> float:
        lost = slice(30 * 320, 31 * 320)
        return float(np.abs(heard[lost].astype(int) - whole[lost]).mean())

    recovered = off(hear(lambda decoder, packet: decoder.recover(packet, 320)))
    concealed = off(hear(lambda decoder, packet: decoder.conceal(320)))
    assert recovered < concealed / 2


def test_what_is_made_up_ends_in_silence_and_has_any_length() -> None:
    encoder, decoder = Encoder(16_000), Decoder(16_000)
    for block in tone(16_000, 0.1).reshape(-1, 320):
        decoder.decode(encoder.encode(block))
    made = np.concatenate([decoder.conceal(n) for n in (320, 333, 1, 2000)])
    assert made.size == 2654
    assert np.abs(made[:320].astype(int)).max() > 1000
    assert not made[-1500:].any()
    assert decoder.recover(encoder.encode(tone(16_000, 0.02)), 3333).size == 3333
