"""`voicegraph captions`: what is said, in the terminal, while it is said."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicegraph.commands import CommandError, Subcommands, complain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from voicegraph.core.sound import Pcm
    from voicegraph.graph.line import Message
    from voicegraph.graph.spec import GraphSpec

TAIL = 4.0
"""Seconds of silence after the end, in which the surer model says its last words."""


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "captions", help="show captions of a recording or a microphone", description="Settled words stay, words that may still change are dim."
    )
    parser.add_argument("sound", metavar="WAV|-", help="a WAV file; or - for raw 16-bit mono on standard input, such as arecord's")
    parser.add_argument("--graph", default="captions", help="a graph with a dual_delay and a page (%(default)s)")
    parser.add_argument("--rate", type=int, default=16000, metavar="HZ", help="of what comes on standard input (%(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.load import load
    from voicegraph.offline import read_wav
    from voicegraph.oneway import from_pipe, in_time

    if find_spec("rich") is None:
        raise CommandError("Captions in the terminal need the package rich: pip install 'voicegraph[terminal]'.")
    spec = load(options.graph)
    sound, rate = from_pipe(sys.stdin.buffer, options.rate), options.rate
    if options.sound != "-":
        pcm, rate = read_wav(Path(options.sound))
        sound = in_time(pcm, rate)
    failure = asyncio.run(_show(spec, sound, rate))
    if failure:
        complain(f"The captions ended: {failure}")
    return 1 if failure else 0


class _Lines:
    """The lines so far: those that are over are printed and stay, the last one changes in place."""

    def __init__(self) -> None:
        from rich.live import Live

        self.live = Live(auto_refresh=False, vertical_overflow="visible")
        self.problem = ""

    def take(self, message: Message) -> None:
        data: Any = message.get("data") or {}
        if message.get("type") == "error":
            self.problem = data["message"]
        if message.get("type") == "server-message" and data["t"] == "caption":
            self._caption(data["d"])

    def _caption(self, caption: dict[str, Any]) -> None:
        self.live.update(_styled("", "") if caption["final"] else _styled(caption["settled"], caption["ahead"]), refresh=True)
        if caption["final"]:
            self.live.console.print(_styled(caption["settled"], ""))


def _styled(settled: str, ahead: str) -> RenderableType:
    from rich.text import Text

    return Text.assemble(settled, " " if settled and ahead else "", (ahead, "dim"))


async def _show(spec: GraphSpec, sound: AsyncIterator[Pcm], rate: int) -> str:
    """Until the sound is over. Why it failed, if it did."""
    from voicegraph.graph.host import Host
    from voicegraph.graph.session import Session
    from voicegraph.oneway import OneWayLine, silence

    lines = _Lines()
    line = OneWayLine(lines.take)
    async with Host() as host:
        session = Session(spec, line, id="captions", host=host)
        await session.start()
        ending = asyncio.create_task(session.wait())
        try:
            with lines.live:
                for part in (sound, silence(TAIL, rate)):
                    speaking = asyncio.create_task(line.speak(part, rate))
                    await asyncio.wait([speaking, ending], return_when=asyncio.FIRST_COMPLETED)
                    speaking.cancel()
            return lines.problem or (ending.result() if ending.done() else "")
        finally:
            await session.close("done")
