"""`webrtc_in`: the caller's microphone, typed text and buttons."""

from __future__ import annotations

from typing import Literal

import numpy as np

from voicegraph.core import rtvi
from voicegraph.frames import CallerAudio, Command, Interrupt, Muted, Pcm, PlayoutDelay, Talk, Typed
from voicegraph.graph.line import Message
from voicegraph.graph.ports import Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Settings

LONGEST_TEXT = 4000
"""Characters of one typed message."""
LONGEST_DELAY = 5000
"""Milliseconds that a client may take to play what it gets; more is no call any more, or no number."""
MOST_EARLY = 20
"""Commands that wait while the nodes start; more than a hand can send."""


class WebrtcInSettings(Settings):
    rate: Literal[8000, 12000, 16000, 24000, 48000] = 16000
    """Hz of the sound that it gives: 16000 is what speech models hear, and a resampler to it below has nothing to do; 48000 is all that Opus has."""


class WebrtcIn(Processor):
    """What the caller says, types and presses on the page. It stands at the top of a graph.

        caller: webrtc_in

    Typed text, the stop button and the mute button become commands (docs/protocol.md has their messages).
    """

    virtual_time = True
    audio = Out(CallerAudio, rate="rate")
    commands = Out(Command)
    settings: WebrtcInSettings

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._muted = False
        self._early: list[Command] | None = []  # commands from before frames flow, which must not be lost

    async def start(self) -> None:
        self.call.line.listen(self.settings.rate, self._hear)
        self.call.line.obey(self._obey)

    async def run(self) -> None:
        for command in self._early or ():
            self.commands.send(command)
        self._early = None

    def _hear(self, pcm: Pcm, t: float) -> None:
        if self._muted:
            pcm = np.zeros_like(pcm)  # some clients say that they are muted and go on sending what the microphone hears
        self.audio.send(CallerAudio(pcm=pcm, rate=self.settings.rate, t=t))

    def _obey(self, message: Message) -> None:
        match message:
            case {"type": "send-text", "data": {"content": str(text), **rest}} if 0 < len(text.strip()) <= LONGEST_TEXT:
                self._command(_typed(text.strip(), rest.get("options")))
            case {"type": "client-message", "data": {"t": "interrupt"}}:
                self._command(Interrupt())
            case {"type": "client-message", "data": {"t": "talk", "d": {"on": bool(on)}}}:
                self._command(Talk(on=on))
            case {"type": "client-message", "data": {"t": "mute", "d": {"on": bool(on)}}}:
                self._mute(on)
            case {"type": "client-message", "data": {"t": "playout-delay", "d": {"ms": int() | float() as ms}}} if _is_delay(ms):
                self._command(PlayoutDelay(seconds=ms / 1000))
            case {"type": "signalling", "message": {"type": "trackStatus", "receiver_index": 0, "enabled": bool(enabled)}}:
                self._mute(not enabled)
            case {"type": "signalling"}:
                pass  # of a camera or a screen, which nobody watches here
            case {"type": type, "id": id, "data": data}:
                what = f"{type} {data.get('t', '')}".strip()[:60]
                self.call.line.tell(rtvi.error_response(id, f"'{what}' is not known here, or its data is not as docs/protocol.md has it."))
                return
        if message["type"] == "client-message" and message["id"]:
            self.call.line.tell(rtvi.server_response(message["id"], message["data"]["t"]))

    def _mute(self, on: bool) -> None:
        if on != self._muted:
            self._command(Muted(on=on))
        self._muted = on

    def _command(self, command: Command) -> None:
        if self._early is None:
            self.commands.send(command)
        elif len(self._early) < MOST_EARLY:
            self._early.append(command)


def _is_delay(ms: float) -> bool:
    return not isinstance(ms, bool) and 0 <= ms <= LONGEST_DELAY


def _typed(text: str, options: object) -> Typed:
    options = options if isinstance(options, dict) else {}
    return Typed(text=text, interrupts=options.get("run_immediately") is not False, audible=options.get("audio_response") is not False)
