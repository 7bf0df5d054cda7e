import pytest

from voicegraph.errors import BadRequest
from voicegraph.rtc import sdp

TRANSPORT = """\
a=ice-ufrag:Jq3s
a=ice-pwd:KD5Y9mQ0R2bWc3N8sXzVtA1u
a=ice-options:trickle
a=fingerprint:sha-256 {print}
a=setup:actpass
""".format(print=":".join(["AB"] * 32))

LOCAL = "a=candidate:1 1 udp 2113937151 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.local 50000 typ host generation 0"
HOST = "a=candidate:2 1 udp 2113937151 192.0.2.7 50001 typ host generation 0"
HOST6 = "a=candidate:3 1 udp 2113937151 2001:db8::7 50001 typ host generation 0"
TCP = "a=candidate:4 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active"
END = "a=end-of-candidates"


def offer(*candidates: str, data: tuple[str, ...] = ()) -> str:
    """What a browser posts: audio, and a data channel bundled with it."""
    lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    lines += [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:0 PCMU/8000",
    ]
    lines += [*TRANSPORT.split("\n"), *candidates]
    lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sctp-port:5000", *TRANSPORT.split("\n"), *data]
    return "\r\n".join(line for line in lines if line) + "\r\n"


def candidates(text: str) -> list[list[str]]:
    """The candidate lines of each m-line."""
    return [[line for line in section if line.startswith(("a=candidate", END))] for section in sdp.sections(text)[1:]]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ([], []),
        ([HOST], [HOST]),
        ([HOST, HOST6, END], [HOST, HOST6, END]),
        ([LOCAL], []),
        ([LOCAL, END], []),  # told that there is no candidate, ICE would give up
        ([LOCAL, HOST, END], [HOST, END]),
        ([TCP, HOST], [HOST]),
        ([END], []),
        (["a=candidate:nonsense", HOST], [HOST]),
    ],
)
def test_only_candidates_that_can_be_reached_are_left(given: list[str], left: list[str]) -> None:
    assert candidates(sdp.prepare(offer(*given))) == [left, left]


def test_the_candidates_of_a_bundle_are_those_of_its_first_line() -> None:
    other = HOST.replace("50001", "50002")
    assert candidates(sdp.prepare(offer(HOST, data=(other, END)))) == [[HOST], [HOST]]


def test_the_rest_of_the_offer_stays_as_it_is() -> None:
    assert sdp.prepare(offer()) == offer()
    assert sdp.prepare(offer().replace("\r\n", "\n")) == offer()


def test_the_number_of_candidates_is_bounded() -> None:
    assert len(candidates(sdp.prepare(offer(*[HOST] * 500)))[0]) == sdp.MAX_CANDIDATES


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no SDP offer"),
        ("hello", "no SDP offer"),
        ("v=0", "no audio m-line"),
        (offer().replace("m=audio", "m=video"), "no audio m-line"),
        (offer().replace("opus", "speex"), "no Opus"),
        (offer().replace("a=ice-ufrag:Jq3s\r\n", ""), "no ICE user fragment"),
        (offer().replace("a=ice-pwd:", "a=x:"), "no ICE password"),
        (offer().replace("a=fingerprint:", "a=x:"), "no DTLS fingerprint"),
        (offer().replace("a=setup:", "a=x:"), "no DTLS setup role"),
        (offer("a=x:" + "y" * sdp.MAX_OFFER), "too long"),
    ],
)
def test_an_offer_that_cannot_work_is_refused_with_a_reason(text: str, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence) as refusal:
        sdp.prepare(text)
    assert refusal.value.status == 400


def test_the_transport_may_stand_in_the_session() -> None:
    lines = [line for line in offer().split("\r\n") if line not in TRANSPORT.split("\n")]
    at_top = "\r\n".join([*lines[:4], *TRANSPORT.split("\n")[:-1], *lines[4:]]) + "\r\n"
    assert "a=ice-ufrag:Jq3s" in sdp.prepare(at_top)


PLACED = "a=candidate:0123456789abcdef0123456789abcdef 1 udp 2130706431 {} 40001 typ host"
REFLEXIVE = "a=candidate:6 1 udp 1694498815 198.51.100.9 40002 typ srflx raddr 192.168.1.5 rport 40001"
OURS = [PLACED.format("192.168.1.5"), PLACED.format("fd00::5"), REFLEXIVE]


def announced(*addresses: str) -> list[str]:
    """The candidates of an answer that is announced at these."""
    answer = offer(*OURS).replace("c=IN IP4 0.0.0.0", "c=IN IP4 192.168.1.5", 1)
    return [line for line in sdp.announce(answer, addresses).splitlines() if line.startswith(("a=candidate", "c="))]


def test_a_public_address_takes_the_place_of_the_machines_own() -> None:
    assert announced("203.0.113.7") == ["c=IN IP4 203.0.113.7", PLACED.format("203.0.113.7"), *OURS[1:], "c=IN IP4 0.0.0.0"]


def test_each_family_has_its_own() -> None:
    assert announced("2001:db8::7")[:3] == ["c=IN IP4 192.168.1.5", OURS[0], PLACED.format("2001:db8::7")]
    assert announced("2001:db8::7", "203.0.113.7")[1:3] == [PLACED.format("203.0.113.7"), PLACED.format("2001:db8::7")]


def test_of_several_each_is_a_candidate_of_its_own() -> None:
    _, first, second, *_ = announced("203.0.113.7", "192.168.1.5")
    assert first == PLACED.format("203.0.113.7")
    assert second == "a=candidate:0123456789abcdef0123456789abc-01 1 udp 2130706430 192.168.1.5 40001 typ host"


def test_without_any_the_answer_is_as_it_was() -> None:
    assert sdp.announce(offer(*OURS), []) == offer(*OURS)


def test_the_caller_is_asked_not_to_send_silence_and_to_make_losses_recoverable() -> None:
    answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=mid:0\r\n"
    asked = "a=fmtp:111 useinbandfec=1;usedtx=1"
    assert sdp.complete(answer).splitlines() == ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2", asked, "a=mid:0"]
    given = answer.replace("a=mid", "a=fmtp:111 minptime=10;useinbandfec=0\r\na=mid")
    assert sdp.complete(given).splitlines()[3] == "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1"


def test_an_answer_without_opus_stays_as_it_is() -> None:
    answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 VP8/90000\r\n"
    assert sdp.complete(answer) == answer
