"""One caller's peer connection: signalling, the sound in both directions, the data channel, and whether anybody is still there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from voicegraph.errors import BadRequest, CallFailed
from voicegraph.graph.line import Asleep, Hear, Message, Obey, Pull, never
from voicegraph.rtc import sdp
from voicegraph.rtc.chat import Chat
from voicegraph.rtc.consent import be_patient
from voicegraph.rtc.fastpath import drive, inbound_for
from voicegraph.rtc.inbound import Inbound
from voicegraph.rtc.pacer import Pacer
from voicegraph.rtc.ports import inside
from voicegraph.rtc.reach import DIRECT, Reach
from voicegraph.rtc.track import OutgoingTrack

CONNECT_LIMIT = 15.0
"""Seconds from the answer until ICE and DTLS are done."""
SILENCE_LIMIT = 5.0
"""Seconds without a packet and without a message after which the caller has vanished: clients send a keep-alive every second, also when muted."""
CLOSE_LIMIT = 2.0
"""Seconds that the stack has to shut down."""
RETRY_AFTER = 10
"""Seconds after which a client may try again when there was no port."""

log = logging.getLogger(__name__)


class Peer:
    """The `Line` over WebRTC: `await answer(offer)`, `await connected()`, and `await close(reason)` in any case.

    reach: how the client's packets find here.
    on_gone: called, with a sentence, when the caller leaves, vanishes or never arrives, not after `close`; `lost` tells the first from the rest.
    on_back: called when somebody who had vanished is heard again: the network was gone for a while and healed by itself.
    about: what the server says of itself in `bot-ready`. version: of RTVI, the client's, where a restart finds it ready already.
    pacer: the clock that all peers of the process send by.
    """

    def __init__(
        self,
        reach: Reach = DIRECT,
        on_gone: Callable[[str], None] = lambda _: None,
        on_back: Callable[[], None] = lambda: None,
        about: Mapping[str, Any] | None = None,
        *,
        version: str = "",
        pacer: Pacer | None = None,
        connect_limit: float = CONNECT_LIMIT,
        silence_limit: float = SILENCE_LIMIT,
    ) -> None:
        self.lost = False
        """The network went, not the caller: a restart of the connection may follow."""
        self._on_gone = on_gone
        self._on_back = on_back
        self._connect_limit = connect_limit
        self._silence_limit = silence_limit
        self._loop = asyncio.get_running_loop()
        self._last_sign = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        self._gone = ""
        self._closing: asyncio.Task[None] | None = None
        self._negotiating = asyncio.Lock()
        self._listener: tuple[int, Hear] | None = None
        self._inbound: Inbound | None = None
        self._chat = Chat(about or {}, version, self._seen, lambda: self._leave("The caller hung up."))
        self._track = OutgoingTrack()
        self._public_addresses = reach.public_addresses
        servers = [RTCIceServer(**server) for server in reach.ice_servers]
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._audio = self._pc.addTransceiver(self._track)
        drive(self._audio.sender, self._track, pacer or Pacer())
        self._audio.setCodecPreferences([codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType == "audio/opus"])
        self._pc.on("datachannel", self._chat.attach)
        self._pc.on("connectionstatechange", self._state_changed)

    # --- signalling ------------------------------------------------------------------------------------------------------------

    async def answer(self, offer: str) -> str:
        """The answer to an SDP offer, with all of this side's candidates. May be called again when the client renegotiates.

        Raises BadRequest when the offer cannot be used; when it was the first one, nothing is left behind.
        """
        async with self._negotiating:
            first = self._pc.remoteDescription is None
            try:
                answer = await self._negotiate(sdp.prepare(offer))
            except BaseException:
                if first:
                    await self.close("")
                raise
            if first:
                self._timer = self._loop.call_later(self._connect_limit, self._never_came)
            return answer

    async def _negotiate(self, offer: str) -> str:
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            for transceiver in self._pc.getTransceivers():
                if transceiver is not self._audio:
                    transceiver.direction = "inactive"  # cameras and screens are accepted and stay idle: nothing is sent, nothing decoded
            self._take_inbound()
            await self._pc.setLocalDescription()
        except OSError:
            raise  # no sockets left: not the client's fault
        except Exception as problem:  # the stack has no error of its own for what it cannot parse: it raises what its code trips over
            raise BadRequest(f"This SDP offer cannot be answered: {str(problem).rstrip('.') or type(problem).__name__}.") from problem
        return self._announced(sdp.complete(str(self._pc.localDescription.sdp)))

    def _announced(self, answer: str) -> str:
        if "a=candidate:" not in answer:  # the stack leaves out what it could not bind to
            raise BadRequest("The server has no UDP port left for this call. Please try again in a minute.", 503, retry_after=RETRY_AFTER)
        if not inside(answer):
            log.warning("this version of aioice is not known: --udp-ports has no effect")
        return sdp.announce(answer, self._public_addresses) if self._public_addresses else answer

    def _take_inbound(self) -> None:
        if self._inbound is None and self._audio.receiver.track is not None:
            self._inbound = inbound_for(self._audio.receiver, self._seen)
            if self._listener is not None:
                self._inbound.listen(*self._listener)

    async def candidate(self, candidate: str, mid: str | None = None, index: int | None = None) -> None:
        """A trickled candidate of the client (`candidate:…`), or "" after the last one. Raises BadRequest when it is malformed."""
        text = candidate.removeprefix("a=").removeprefix("candidate:").strip()
        if not text:
            await self._pc.addIceCandidate(None)
            return
        if len(text.split()) < 8:
            raise BadRequest("This is no ICE candidate: candidate:<foundation> <component> <protocol> <priority> <address> <port> typ <type> …")
        if mid is None and index is None:
            raise BadRequest("An ICE candidate needs its sdp_mid or its sdp_mline_index.")
        if sdp.is_reachable(text):
            found = candidate_from_sdp(text)
            found.sdpMid, found.sdpMLineIndex = mid, index
            await self._pc.addIceCandidate(found)

    async def connected(self) -> None:
        """Wait until sound can flow. Raises CallFailed with the reason when it never will."""
        await self._settled.wait()
        if self._gone or self._closing:
            raise CallFailed(self._gone or "The call was closed before it was connected.")

    @property
    def version(self) -> str:
        """Of RTVI, as the client told it in its handshake; empty before. From then on the client is told everything at once."""
        return self._chat.version

    async def close(self, reason: str) -> None:
        """Tell the client the reason ("" where the call goes on without this connection), then give everything back.

        Takes about two seconds at most; may be called again.
        """
        if self._closing is None:
            self._closing = self._loop.create_task(self._close(reason), name="peer closing")
        await asyncio.shield(self._closing)

    async def _close(self, reason: str) -> None:
        self._stop_timer()
        self._settled.set()
        if self._inbound is not None:
            await self._inbound.close()
        await self._chat.finish(reason)
        closing = self._loop.create_task(self._pc.close(), name="peer connection closing")
        _, late = await asyncio.wait([closing], timeout=CLOSE_LIMIT)
        if late:
            log.warning("a peer connection did not close within %g s", CLOSE_LIMIT)

    # --- the Line --------------------------------------------------------------------------------------------------------------

    def listen(self, rate: int, hear: Hear) -> None:
        self._listener = rate, hear
        if self._inbound is not None:
            self._inbound.listen(rate, hear)

    def obey(self, take: Obey) -> None:
        self._chat.obey(take)

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        self._track.play(rate, pull, asleep)

    def wake(self) -> None:
        self._track.on_wake()

    def tell(self, message: Message) -> None:
        self._chat.tell(message)

    # --- is anybody there ------------------------------------------------------------------------------------------------------

    def _state_changed(self) -> None:
        match self._pc.connectionState:
            case "connected":
                be_patient(self._audio.receiver.transport.transport._connection)
                self._seen()
                self._settled.set()
                self._stop_timer()
                self._timer = self._loop.call_later(self._silence_limit, self._look)
            case "failed":
                self._leave("The connection was lost.", lost=True)
            case "closed":
                self._leave("The caller hung up.")

    def _seen(self) -> None:
        self._last_sign = self._loop.time()
        if self.lost and self._closing is None:
            self._gone, self.lost = "", False
            self._timer = self._loop.call_later(self._silence_limit, self._look)
            self._loop.call_soon(self._on_back)

    def _look(self) -> None:
        """Nothing may have come for a while: is that so?"""
        deadline = self._last_sign + self._silence_limit
        if self._loop.time() < deadline:
            self._timer = self._loop.call_at(deadline, self._look)
        else:
            self._leave("The caller vanished.", lost=True)

    def _never_came(self) -> None:
        self._leave(f"The connection could not be established within {self._connect_limit:g} s.", lost=True)

    def _leave(self, reason: str, lost: bool = False) -> None:
        if self._gone or self._closing:
            return
        self._gone, self.lost = reason, lost
        self._stop_timer()
        self._settled.set()
        self._loop.call_soon(self._on_gone, reason)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
