import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, CallFailed
from voicegraph.graph.line import Message
from voicegraph.rtc.peer import Peer
from voicegraph.rtc.roaming import RoamingLine
from voicegraph.testing.caller import Caller, Offer


def tone(rate: int, seconds: float, hz: float = 440.0) -> Pcm:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def pitch(pcm: Pcm, rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(pcm.size)))
    return float(np.argmax(spectrum)) * rate / pcm.size


def loud(pcm: Pcm) -> Pcm:
    """From the first to the last audible sample."""
    audible = np.flatnonzero(np.abs(pcm.astype(int)) > 1000)
    return pcm[audible[0] : audible[-1] + 1]


def to(peer: Peer) -> Offer:
    return lambda offer, restart: peer.answer(offer)


@pytest.fixture
async def gone() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


@pytest.fixture
async def peer(gone: asyncio.Future[str]) -> AsyncIterator[Peer]:
    peer = Peer(on_gone=gone.set_result, about={"library": "voicegraph"})
    yield peer
    await peer.close("")


@pytest.fixture
async def browser() -> AsyncIterator[RTCPeerConnection]:
    """The m-lines of the field's own clients: audio, camera, screen, data."""
    browser = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    browser.addTransceiver(AudioStreamTrack(), direction="sendrecv")
    browser.addTransceiver("video", direction="sendrecv")
    browser.addTransceiver("video", direction="sendonly")
    browser.createDataChannel("chat")
    await browser.setLocalDescription()
    yield browser
    await browser.close()


async def test_a_tone_goes_in_and_another_comes_out(peer: Peer) -> None:
    heard: list[Pcm] = []
    wave = iter(tone(24_000, 60, 660).reshape(-1, 480))
    peer.listen(16_000, lambda pcm, t: heard.append(pcm))
    peer.play(24_000, lambda n: next(wave))
    async with Caller(to(peer)) as caller:
        said = await caller.say(tone(16_000, 0.5), 16_000)
        await caller.sound(after=said.end)
        came_in = loud(np.concatenate(heard))
        assert came_in.size > 7000
        assert pitch(came_in, 16_000) == pytest.approx(440, abs=10)
        came_out = loud(caller.reply_audio())
        assert pitch(came_out, 48_000) == pytest.approx(660, abs=10)


async def test_sound_comes_in_pieces_of_a_packet_with_the_time_they_arrived(peer: Peer) -> None:
    heard: list[tuple[int, float]] = []
    peer.listen(48_000, lambda pcm, t: heard.append((pcm.size, t)))
    async with Caller(to(peer)) as caller:
        said = await caller.say(tone(48_000, 0.1), 48_000)
        while not heard or heard[-1][1] < said.end:
            await caller.until(lambda: (heard and heard[-1][1] >= said.end) or None)
    assert {size for size, _ in heard} == {960}
    assert [t for _, t in heard] == sorted(t for _, t in heard)


async def test_silence_is_sent_before_anything_plays(peer: Peer) -> None:
    async with Caller(to(peer)) as caller:
        await caller.until(lambda: len(caller.recording.packets) > 3 or None)
        assert not caller.reply_audio().any()


async def test_all_lines_of_the_clients_are_answered_and_the_pictures_idle(peer: Peer, browser: RTCPeerConnection) -> None:
    answer = await peer.answer(browser.localDescription.sdp)
    await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await peer.connected()
    assert [t.currentDirection for t in browser.getTransceivers()] == ["sendrecv", "inactive", "inactive"]
    assert answer.count("a=candidate:") > 0
    codecs = [line for line in answer.split("m=video")[0].splitlines() if line.startswith("a=rtpmap")]
    assert len(codecs) == 1
    assert "opus/48000/2" in codecs[0]


async def test_a_client_may_negotiate_again(peer: Peer, browser: RTCPeerConnection) -> None:
    for _ in range(2):
        answer = await peer.answer(browser.localDescription.sdp)
        await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await peer.connected()
        await browser.setLocalDescription(await browser.createOffer())


async def test_candidates_may_be_trickled(peer: Peer, browser: RTCPeerConnection) -> None:
    lines = browser.localDescription.sdp.splitlines()
    candidates = [line for line in dict.fromkeys(lines) if line.startswith("a=candidate:")]
    bare = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    answer = await peer.answer("\r\n".join(bare) + "\r\n")
    await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    for candidate in candidates:
        await peer.candidate(candidate.removeprefix("a="), "0", 0)
    await peer.candidate("candidate:9 1 udp 2113937151 abc.local 5000 typ host", "0", 0)
    await peer.candidate("", "0", 0)
    await peer.connected()


async def test_a_client_need_not_tell_where_it_is(peer: Peer, browser: RTCPeerConnection) -> None:
    """All of its candidates are hidden behind .local names, as in browsers without a microphone: it is learnt from its checks."""
    hidden = [
        line.replace(line.split()[4], "5e1f-8a.local") if line.startswith("a=candidate:") else line
        for line in browser.localDescription.sdp.splitlines()
    ]
    answer = await peer.answer("\r\n".join(hidden) + "\r\n")
    await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await peer.connected()


@pytest.mark.parametrize(
    ("candidate", "mid", "sentence"), [("candidate:nonsense", "0", "no ICE candidate"), ("candidate:1 1 udp 1 192.0.2.1 9 typ host", None, "sdp_mid")]
)
async def test_a_malformed_candidate_is_refused(peer: Peer, browser: RTCPeerConnection, candidate: str, mid: str | None, sentence: str) -> None:
    await peer.answer(browser.localDescription.sdp)
    with pytest.raises(BadRequest, match=sentence):
        await peer.candidate(candidate, mid)


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("v=0", "v=x"),
        ("a=setup:actpass", "a=setup:sideways"),
        ("UDP/TLS/RTP/SAVPF", "udp"),
        ("a=rtcp-mux", "a=x"),
        ("a=mid:1", "a=mid:0"),
        ("m=video ", "m=video -"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-256"),
        ("a=rtpmap:", "a=rtpmap:x"),
        ("m=application", "m=hologram"),
    ],
)
async def test_a_damaged_offer_is_refused_and_nothing_is_left(browser: RTCPeerConnection, find: str, put: str) -> None:
    before = asyncio.all_tasks()
    gone: list[str] = []
    peer = Peer(on_gone=gone.append)
    offer = browser.localDescription.sdp
    assert find in offer
    with pytest.raises(BadRequest):
        await peer.answer(offer.replace(find, put))
    with pytest.raises(CallFailed):
        await peer.connected()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert gone == []


async def test_the_client_hears_why_the_call_is_over(peer: Peer) -> None:
    async with Caller(to(peer)) as caller:
        await peer.close("The agent has no more time.")
        await peer.close("again")
        assert caller.ended == "The agent has no more time."


async def test_messages_pass_in_both_directions(peer: Peer) -> None:
    taken: list[Message] = []
    peer.tell({"label": "rtvi-ai", "type": "before"})
    peer.obey(taken.append)
    async with Caller(to(peer)) as caller:
        [ready] = caller.told("bot-ready")
        assert ready.data["about"] == {"library": "voicegraph"}
        caller.type("Hello")
        caller.mute(True)
        caller.send_text("{")
        await caller.wait_for("error")
        assert [told.message["type"] for told in caller.messages] == ["bot-ready", "before", "error"]
        assert [message["type"] for message in taken] == ["send-text", "signalling"]


async def test_a_caller_who_hangs_up_is_gone(peer: Peer, gone: asyncio.Future[str]) -> None:
    async with Caller(to(peer)):
        pass
    assert await gone == "The caller hung up."
    assert not peer.lost


async def test_a_caller_who_says_goodbye_is_gone(peer: Peer, gone: asyncio.Future[str]) -> None:
    async with Caller(to(peer)) as caller:
        caller.send("disconnect-bot")
        assert await gone == "The caller hung up."


async def test_a_caller_who_vanishes_is_noticed(gone: asyncio.Future[str]) -> None:
    peer = Peer(on_gone=gone.set_result, silence_limit=0.3)
    async with Caller(to(peer)) as caller:
        await caller.vanish()
        assert await gone == "The caller vanished."
        assert peer.lost
    await peer.close("")


async def test_a_caller_whose_network_comes_back_is_there_again(gone: asyncio.Future[str]) -> None:
    back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    peer = Peer(on_gone=gone.set_result, on_back=lambda: back.set_result(None), silence_limit=0.3)
    async with Caller(to(peer)) as caller:
        caller.lose_network()
        await gone
        caller.find_network()
        await back
        assert not peer.lost
    await peer.close("")


async def test_a_caller_who_never_comes_is_noticed(browser: RTCPeerConnection, gone: asyncio.Future[str]) -> None:
    peer = Peer(on_gone=gone.set_result, connect_limit=0.05)
    await peer.answer(browser.localDescription.sdp)
    assert "could not be established" in await gone
    with pytest.raises(CallFailed, match="could not be established"):
        await peer.connected()
    await peer.close("")


async def test_a_caller_without_a_microphone_stays_as_long_as_it_pings(gone: asyncio.Future[str]) -> None:
    """Its keep-alives come every second, so that two of them must have arrived by then."""
    peer = Peer(on_gone=gone.set_result, silence_limit=1.8)
    peer.play(48_000, lambda n: tone(48_000, 0.02, 500)[:n])
    async with Caller(to(peer), audio=False) as caller:
        connected = asyncio.get_running_loop().time()
        await caller.until(lambda: (caller.recording.packets and caller.recording.packets[-1].t > connected + 2.2) or None)
        assert not gone.done()
        assert caller.first_sound_after(connected) is not None
    await peer.close("")


async def test_a_closed_peer_reports_nothing(peer: Peer, gone: asyncio.Future[str]) -> None:
    async with Caller(to(peer)):
        await peer.close("")
    await asyncio.sleep(0)
    assert not gone.done()


async def test_a_call_goes_on_over_a_new_peer() -> None:
    line = RoamingLine()
    heard: list[Pcm] = []
    line.listen(16_000, lambda pcm, t: heard.append(pcm))
    played = iter(tone(24_000, 60).reshape(-1, 480))
    line.play(24_000, lambda n: next(played))
    peers: list[Peer] = []

    async def offer(sdp: str, restart: bool) -> str:
        peers.append(Peer(version="2.1.0" if restart else ""))
        answer = await peers[-1].answer(sdp)
        line.attach(peers[-1])
        return answer

    async with Caller(offer) as caller:
        await caller.sound(after=0)
        await caller.restart()
        line.tell({"label": "rtvi-ai", "type": "after"})
        await caller.wait_for("after")
        heard.clear()
        await caller.say(tone(16_000, 0.2), 16_000)
        await caller.until(lambda: heard or None)
        assert pitch(loud(np.concatenate(heard)), 16_000) == pytest.approx(440, abs=8)
    for peer in peers:
        await peer.close("")


async def test_many_calls_leave_nothing_behind() -> None:
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    for _ in range(20):
        peer = Peer()
        async with Caller(to(peer)):
            pass
        await peer.close("")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert threading.active_count() == threads
