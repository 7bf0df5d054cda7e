"""Where the microseconds of a packet go, step by step, beside what the same step cost before: `python -m benchmarks.profile`.

Each step runs some thousand times in a row, the best of five rounds counts: caches are warm and nobody else interferes, so these are lower bounds. In
a server with few calls the same step takes two to four times as long, because everything else has been through the caches in between.
"""

from __future__ import annotations

import asyncio
import sys
import timeit
from collections.abc import Callable

import numpy as np
import pylibsrtp
from aiortc.rtp import HeaderExtensionsMap
from aiortc.rtp import RtpPacket as Theirs

from voicegraph.core.arrival import Arrival, Packet
from voicegraph.core.playout import PlayoutBuffer
from voicegraph.core.speech import level
from voicegraph.core.wheel import Wheel
from voicegraph.mistral.speech import to_int16
from voicegraph.rtc import rtp
from voicegraph.rtc.opus import AvDecoder, AvEncoder, Decoder, Encoder
from voicegraph.testing.speech import speak

TURNS, ROUNDS = 500, 5
Step = Callable[[], object]


def steps() -> list[tuple[str, Step | None, Step]]:
    """Name, what was done before (None: nothing, or the same), and what is done now."""
    speech = speak("What is the weather going to be like tomorrow?", 24_000)[:24_000]
    blocks = speech[: len(speech) // 480 * 480].reshape(-1, 480)
    loud = blocks[int(np.argmax(np.abs(blocks.astype(int)).sum(axis=1)))]
    payload = Encoder(24_000).encode(loud)
    packets, keys = rtp.Packetizer(96, 1, 0, 0, (0xBEDE, b"\x100\x00\x00")), b"k" * 30
    tx = pylibsrtp.Session(pylibsrtp.Policy(key=keys, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
    plain = packets.packet(payload, marker=False)
    decoders, encoders = (AvDecoder(16_000), Decoder(16_000)), (AvEncoder(24_000), Encoder(24_000))
    arrival, order, wheel, sound = Arrival(), iter(range(1 << 30)), Wheel(), np.zeros(1920, "<f4").tobytes()
    buffer = PlayoutBuffer(24_000)
    silence = np.zeros(480, np.int16)
    for _ in range(30):
        wheel.add(_tick(), 0.0)

    def arrive() -> object:
        n = next(order)
        return arrival.add(Packet(n & 0xFFFF, (n * 960) & 0xFFFFFFFF, payload), n * 0.02)

    return [
        ("parse an RTP packet", lambda: Theirs.parse(plain, HeaderExtensionsMap()), lambda: rtp.parse(plain)),
        ("order and loss", None, arrive),
        ("Opus to 16 kHz", lambda: decoders[0].decode(payload), lambda: decoders[1].decode(payload)),
        ("level of 10 ms", None, lambda: level(silence[:160])),
        ("80 ms of Voxtral's sound to int16", None, lambda: to_int16(sound)),
        ("pull 20 ms of nothing", None, lambda: buffer.pull(480)),
        ("20 ms of speech to Opus", lambda: encoders[0].encode(loud), lambda: encoders[1].encode(loud)),
        ("20 ms of silence to Opus", lambda: encoders[0].encode(silence), lambda: encoders[1].encode(silence)),
        ("SRTP", None, lambda: tx.protect(packets.packet(payload, marker=False))),
        ("find who is due, of 30 calls", None, lambda: wheel.turn(0.0)),
    ]


def _tick() -> Callable[[int], int]:
    return lambda _: 1


def microseconds(step: Step) -> float:
    return min(timeit.repeat(step, number=TURNS, repeat=ROUNDS)) / TURNS * 1e6


async def main() -> None:
    print("| step | before | now |\n|---|---|---|")
    for name, before, now in steps():
        former = f"{microseconds(before):.1f} µs" if before else ""
        print(f"| {name} | {former} | {microseconds(now):.1f} µs |")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
