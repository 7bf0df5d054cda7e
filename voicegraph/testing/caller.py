"""A caller without a browser: a real WebRTC peer that speaks on cue and records what it gets, for tests and measurements.

    async with Caller(over_http("http://127.0.0.1:7860")) as caller:
        said = await caller.say(pcm, 16000)
        began = await caller.sound(after=said.end)
        words = await caller.wait_for("bot-output")

It runs in the caller's own event loop; all times are `loop.time()`, which on one machine is the same clock in every process.
"""

from __future__ import annotations

import asyncio
import json
import wave
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from voicegraph.audio.resample import resample
from voicegraph.core import rtvi
from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, CallFailed
from voicegraph.rtc.chat import LABEL
from voicegraph.rtc.fastpath import drive, intercept
from voicegraph.rtc.opus import CLOCK, SECONDS, Decoder
from voicegraph.rtc.pacer import Pacer
from voicegraph.rtc.rtp import RtpPacket
from voicegraph.rtc.track import OutgoingTrack
from voicegraph.testing.recording import Recording

Offer = Callable[[str, bool], Awaitable[str]]
"""Takes an SDP offer, and whether it restarts a call that is going on; gives the answer. `over_http` makes one, or wrap `Peer.answer`."""
T = TypeVar("T")

PING = 1.0
"""Seconds between keep-alives, as the field's clients have it."""
LIMIT = 10.0
"""Seconds to wait for anything, unless told otherwise."""


def over_http(url: str, start: Mapping[str, Any] | None = None) -> Offer:
    """Signalling as the SmallWebRTC clients do it: `POST {url}/api/offer`; with `start` (its body) `POST {url}/start` comes first.

    Raises BadRequest with the server's sentence and status when it refuses.
    """
    place = ""
    pc_id: str | None = None

    async def offer(sdp: str, restart: bool) -> str:
        nonlocal place, pc_id
        if start is not None and not place:
            session = await _post(f"{url}/start", start)
            place = f"/sessions/{session['sessionId']}"
        answer = await _post(f"{url}{place}/api/offer", {"sdp": sdp, "type": "offer", "pc_id": pc_id, "restart_pc": restart})
        pc_id = answer["pc_id"]
        return str(answer["sdp"])

    return offer


async def _post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        if response.status >= 400:
            text = await response.text()
            raise BadRequest(f"{url} answered {response.status}: {text[:500]}", response.status)
        found: dict[str, Any] = await response.json()
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """When something was said (loop times): a microphone's packet leaves when its last sample has been spoken."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the server, and when it came."""

    t: float
    message: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.message.get("data") or {})


@dataclass(slots=True)
class Setup:
    """How long it took, in seconds from the moment at which the offer was made: the answer is there, sound can flow, `bot-ready` has come."""

    answered: float = 0.0
    connected: float = 0.0
    ready: float = 0.0


@dataclass(slots=True)
class _Utterance:
    pcm: Pcm
    done: asyncio.Future[Said]
    begin: float | None = None
    at: int = field(default=0)


class Caller:
    """One call. `async with` connects and hangs up; `audio=False` is a caller without a microphone; `handshake=False` sends no `client-ready`.

    Whoever waits for something when the call ends gets CallFailed.
    """

    def __init__(self, offer: Offer, *, audio: bool = True, handshake: bool = True) -> None:
        self.recording = Recording()
        self.messages: list[Told] = []
        self.setup = Setup()
        self.ended: str | None = None
        """Why the call is over, in the server's words where it said any; None while it goes on."""
        self._offer = offer
        self._audio = audio
        self._handshake = handshake
        self._loop = asyncio.get_running_loop()
        self._pc: RTCPeerConnection | None = None
        self._chat: RTCDataChannel | None = None
        self._utterances: deque[_Utterance] = deque()
        self._waiting: set[asyncio.Event] = set()
        self._ping: asyncio.TimerHandle | None = None
        self._numbers = 0
        self._pacer = Pacer()

    # --- the call --------------------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Call, and wait until both sides are ready. When that fails nothing is left open."""
        try:
            await self._connect()
        except BaseException:
            await self.hang_up()
            raise

    async def _connect(self) -> None:
        begin = self._loop.time()
        await self._open(restart=False, begin=begin)
        if self._handshake:
            id = self.send("client-ready", {"version": rtvi.VERSION, "about": {"library": "voicegraph.testing"}})
            await self.wait_for("bot-ready", where=lambda told: told.message.get("id") == id)
            self.setup.ready = self._loop.time() - begin

    async def restart(self) -> None:
        """Connect anew for the same call, as clients do after a change of network."""
        former = self._pc
        await self._open(restart=True, begin=self._loop.time())
        if former is not None:
            await former.close()

    async def hang_up(self) -> None:
        """Leave properly: the server is told by RTCP, SCTP and DTLS."""
        self._end("The caller hung up.")
        if self._pc is not None:
            await self._pc.close()

    async def vanish(self) -> None:
        """Be gone without a word, as when a phone loses its network."""
        self.lose_network()  # so that closing the sockets says no goodbye
        await self.hang_up()

    def lose_network(self) -> None:
        """From now on nothing that is sent arrives."""
        for transport in self._transports():
            transport["sendto"] = lambda *_: None

    def delay_network(self, seconds: float) -> None:
        """From now on what is sent arrives so much later, in each direction."""
        for protocol in self._protocols():
            vars(protocol)["datagram_received"] = self._late(seconds, protocol.transport, protocol.datagram_received)
            vars(protocol.transport)["sendto"] = self._late(seconds, protocol.transport, protocol.transport.sendto)

    def _late(self, seconds: float, transport: asyncio.DatagramTransport, pass_on: Callable[..., None]) -> Callable[..., None]:
        def arrive(*datagram: Any) -> None:
            if not transport.is_closing():
                pass_on(*datagram)

        def take(*datagram: Any) -> None:
            self._loop.call_later(seconds, arrive, *datagram)

        return take

    def find_network(self) -> None:
        """What is sent arrives again."""
        for transport in self._transports():
            del transport["sendto"]

    def _transports(self) -> list[dict[str, Any]]:
        return [vars(protocol.transport) for protocol in self._protocols()]

    def _protocols(self) -> list[Any]:
        assert self._pc is not None
        protocols: list[Any] = self._pc.getTransceivers()[0].receiver.transport.transport._connection._protocols
        return protocols

    async def __aenter__(self) -> Caller:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    # --- speaking --------------------------------------------------------------------------------------------------------------

    async def say(self, sound: Pcm | Path, rate: int = 16_000) -> Said:
        """Speak mono int16 at `rate` Hz, or a mono 16-bit WAV file; returns when the last of it has left. Silence is sent before and after."""
        if not self._audio or self.ended is not None:
            raise CallFailed(f"This caller cannot speak: {self.ended or 'it has no microphone.'}")
        if isinstance(sound, Path):
            with wave.open(str(sound)) as file:
                sound, rate = np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
        utterance = _Utterance(resample(sound, rate, CLOCK), self._loop.create_future())
        self._utterances.append(utterance)
        return await utterance.done

    def hush(self) -> None:
        """Stop in the middle of the word."""
        while self._utterances:
            utterance = self._utterances.popleft()
            now = self._loop.time()
            if not utterance.done.done():
                utterance.done.set_result(Said(utterance.begin or now, now))

    def _pull(self, n: int) -> Pcm:
        block = np.zeros(n, np.int16)
        if not self._utterances:
            return block
        now = self._loop.time()
        utterance = self._utterances[0]
        piece = utterance.pcm[utterance.at : utterance.at + n]
        block[: piece.size] = piece
        utterance.at += n
        utterance.begin = now - SECONDS if utterance.begin is None else utterance.begin
        if utterance.at >= utterance.pcm.size:
            self._utterances.popleft()
            if not utterance.done.done():
                utterance.done.set_result(Said(utterance.begin, now - (n - piece.size) / CLOCK))
        return block

    # --- the data channel ------------------------------------------------------------------------------------------------------

    def send(self, type: str, data: Mapping[str, Any] | None = None) -> str:
        """Send an RTVI message; returns its id."""
        self._numbers += 1
        id = str(self._numbers)
        self.send_text(json.dumps(rtvi.message(type, data, id)))
        return id

    def send_text(self, text: str) -> None:
        """Send anything, right or wrong."""
        assert self._chat is not None
        self._chat.send(text)

    def type(self, text: str, *, interrupts: bool = True, audible: bool = True) -> str:
        """Write to the agent."""
        return self.send("send-text", {"content": text, "options": {"run_immediately": interrupts, "audio_response": audible}})

    def mute(self, on: bool) -> None:
        """Tell the server that the microphone is switched off, or on again."""
        self.send_text(json.dumps(rtvi.signal("trackStatus", receiver_index=0, enabled=not on)))

    def playout_delay(self, ms: float) -> str:
        """Tell the server how long sound takes from here to the ears."""
        return self.send("client-message", {"t": "playout-delay", "d": {"ms": ms}})

    def told(self, type: str) -> list[Told]:
        """The messages of this type so far."""
        return [told for told in self.messages if told.message.get("type") == type]

    async def wait_for(self, type: str, *, after: float = 0.0, where: Callable[[Told], bool] = lambda _: True, limit: float = LIMIT) -> Told:
        """The first message of this type, since `after`, for which `where` is true; it may have come already."""
        return await self.until(lambda: next((told for told in self.told(type) if told.t >= after and where(told)), None), f"'{type}'", limit)

    # --- hearing ---------------------------------------------------------------------------------------------------------------

    def first_sound_after(self, t: float) -> float | None:
        """When something audible first came at t or later."""
        return self.recording.first_sound_after(t)

    def last_sound_before(self, t: float) -> float | None:
        """When the last audible sample before t was heard."""
        return self.recording.last_sound_before(t)

    def last_sound_after(self, t: float, pause: float = 0.5) -> float | None:
        """When the sound that is on at t, or follows it, ended, before `pause` seconds of silence."""
        return self.recording.last_sound_after(t, pause)

    def reply_audio(self, since: float = 0.0, until: float = float("inf")) -> Pcm:
        """What was received between two times: mono int16 at 48 kHz. `recording.save` makes a WAV file of it."""
        return self.recording.sound(since, until)

    async def sound(self, *, after: float, limit: float = LIMIT) -> float:
        """Wait for something audible; when it came."""
        return await self.until(lambda: self.first_sound_after(after), "a sound", limit)

    async def silence(self, seconds: float, *, after: float, limit: float = 60.0) -> float:
        """Wait until something has been heard since `after` and then nothing for `seconds`; when the sound ended."""

        def ended() -> float | None:
            last = self.last_sound_after(after, seconds)
            return last if last is not None and self._loop.time() - last >= seconds else None

        return await self.until(ended, "silence", limit)

    async def until(self, check: Callable[[], T | None], what: str = "it", limit: float = LIMIT) -> T:
        """Wait until `check` gives something; it is asked at each packet and message. Raises TimeoutError or CallFailed, which name `what`."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(limit):
                while (found := check()) is None:
                    if self.ended is not None:
                        raise CallFailed(f"The call ended while waiting for {what}: {self.ended}")
                    changed.clear()
                    await changed.wait()
                return found
        except TimeoutError as problem:
            raise TimeoutError(f"no {what} within {limit:g} s") from problem
        finally:
            self._waiting.discard(changed)

    # --- inside ----------------------------------------------------------------------------------------------------------------

    async def _open(self, restart: bool, begin: float) -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._pc = pc
        track = OutgoingTrack(dtx=False)  # as browsers send, unless told otherwise
        track.play(CLOCK, self._pull)
        transceiver = pc.addTransceiver(track if self._audio else "audio", direction="sendrecv" if self._audio else "recvonly")
        if self._audio:
            drive(transceiver.sender, track, self._pacer)
        decoder = Decoder(CLOCK)

        def take(packet: RtpPacket) -> None:
            self.recording.add(self._loop.time(), packet.timestamp, decoder.decode(packet.payload))
            self._changed()

        intercept(transceiver.receiver, take)
        self._chat = chat = pc.createDataChannel(LABEL)
        opened = asyncio.Event()
        chat.on("open", opened.set)
        chat.on("message", lambda text: self._hear(chat, text))
        pc.on("connectionstatechange", lambda: self._state_changed(pc))
        await pc.setLocalDescription()
        answer = await self._offer(pc.localDescription.sdp, restart)
        self.setup.answered = self._loop.time() - begin
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(LIMIT):
            await opened.wait()
        self.setup.connected = self._loop.time() - begin
        self._keep_alive()

    def _hear(self, chat: RTCDataChannel, text: str) -> None:
        message = json.loads(text)
        self.messages.append(Told(self._loop.time(), message))
        match message:
            case {"type": "server-message", "data": {"t": "call-ended", "d": {"reason": str(reason)}}}:
                self.ended = reason
            case {"type": "signalling", "message": {"type": "peerLeft"}} if chat is self._chat:
                self._end("The server left.")
                chat.close()
        self._changed()

    def _state_changed(self, pc: RTCPeerConnection) -> None:
        if pc is self._pc and pc.connectionState in ("closed", "failed"):
            self._end("The connection is gone.")

    def _keep_alive(self) -> None:
        if self._ping is not None:
            self._ping.cancel()
        if self._chat is not None and self._chat.readyState == "open" and self.ended is None:
            self._chat.send(f"{rtvi.PING}: {self._loop.time() * 1000:.0f}")
            self._ping = self._loop.call_later(PING, self._keep_alive)

    def _end(self, reason: str) -> None:
        self.ended = reason if self.ended is None else self.ended
        if self._ping is not None:
            self._ping.cancel()
        while self._utterances:
            done = self._utterances.popleft().done
            if not done.done():
                done.set_exception(CallFailed(f"The call ended while the caller spoke: {self.ended}"))
        self._changed()

    def _changed(self) -> None:
        for event in self._waiting:
            event.set()
