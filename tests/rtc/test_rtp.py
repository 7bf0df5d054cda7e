import struct

from aiortc.rtp import RtpPacket as Theirs
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.rtc.rtp import Packetizer, RtpPacket, parse

PLAIN = struct.pack("!BBHII", 0x80, 0x80 | 111, 7, 960, 42)


def test_a_plain_packet() -> None:
    assert parse(PLAIN + b"sound") == RtpPacket(payload_type=111, sequence_number=7, timestamp=960, ssrc=42, payload=b"sound")


def test_sources_extension_and_padding_are_taken_off() -> None:
    header = struct.pack("!BBHII", 0xB2, 111, 7, 960, 42)  # padding, extension, two contributing sources
    packet = header + b"sourSour" + struct.pack("!HH", 0xBEDE, 1) + b"\x10a\x00\x00" + b"sound" + b"\x00\x00\x03"
    found = parse(packet)
    assert found is not None
    assert found.payload == b"sound"


def test_what_is_no_rtp_is_refused() -> None:
    assert parse(b"") is None
    assert parse(PLAIN[:11]) is None
    assert parse(b"\x40" + PLAIN[1:]) is None, "version 1"
    assert parse(b"\x8f" + PLAIN[1:]) is None, "15 sources that are not there"
    assert parse(b"\x90" + PLAIN[1:]) is None, "an extension that is not there"
    assert parse(b"\x90" + PLAIN[1:] + struct.pack("!HH", 0xBEDE, 2) + b"only") is None
    assert parse(b"\xa0" + PLAIN[1:] + b"so\x00") is None, "padding counts itself"
    assert parse(b"\xa0" + PLAIN[1:] + b"so\x07") is None, "more padding than packet"


def test_padding_alone_is_an_empty_packet() -> None:
    found = parse(b"\xa0" + PLAIN[1:] + b"\x00\x00\x03")
    assert found is not None
    assert found.payload == b""


@given(st.binary(max_size=200))
def test_no_bytes_can_break_it(data: bytes) -> None:
    found = parse(data)
    assert found is None or len(found.payload) <= len(data) - 12


@given(st.binary(min_size=12, max_size=60))
def test_it_reads_what_aiortc_reads(data: bytes) -> None:
    data = bytes([0x80 | data[0] & 0x3F]) + data[1:]
    try:
        theirs = Theirs.parse(data)
    except ValueError:
        theirs = None
    mine = parse(data)
    if theirs is not None and mine is not None:
        assert mine == (theirs.payload_type, theirs.sequence_number, theirs.timestamp, theirs.ssrc, theirs.payload)
    assert theirs is None or mine is not None, "refused what aiortc takes"


@given(
    st.integers(0, 127), st.integers(0, (1 << 32) - 1), st.integers(0, 65_535), st.integers(0, (1 << 32) - 1), st.binary(max_size=100), st.booleans()
)
def test_what_is_packed_is_read_again(payload_type: int, ssrc: int, sequence_number: int, timestamp: int, payload: bytes, extended: bool) -> None:
    extension = (0xBEDE, b"\x110a\x00") if extended else (0, b"")
    packets = Packetizer(payload_type, ssrc, sequence_number, timestamp, extension)
    for ahead in range(3):
        packet = packets.packet(payload, marker=ahead == 1)
        assert packet[1] >> 7 == (ahead == 1)
        assert parse(packet) == ((payload_type, (sequence_number + ahead) % (1 << 16), (timestamp + 960 * ahead) % (1 << 32), ssrc, payload))
        packets.skip(960)
