"""`voicegraph run`: a WAV file through a graph, without a browser."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from voicegraph.commands import Subcommands, complain, say

if TYPE_CHECKING:
    from voicegraph.graph.spec import GraphSpec
    from voicegraph.offline import WavLine


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "run", help="put a WAV file through a graph", description="Speak a WAV file to a graph, in real time, and keep the reply."
    )
    parser.add_argument("graph", metavar="GRAPH", help="a file, or the name of a shipped graph")
    parser.add_argument("--in", dest="question", type=Path, required=True, metavar="WAV", help="what the caller says: 16-bit PCM, any rate")
    parser.add_argument(
        "--out", dest="reply", type=Path, metavar="WAV", help="where to write what the caller hears, from the first moment of the call"
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="SECONDS", help="how long to wait for a reply after the file's end (%(default)g)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.load import load
    from voicegraph.offline import WavLine, read_wav

    line = WavLine(*read_wav(options.question))
    failure = asyncio.run(_call(load(options.graph), line, options.timeout))
    for who, words in line.transcript.lines:
        say(f"{who:<7} {words}")
    if line.first_sound is not None:
        say(f"first sound {line.first_sound * 1000:.0f} ms after the caller had finished")
    if options.reply is not None:
        line.save(options.reply)
    for problem in [*line.transcript.problems, *([failure] if failure else [])]:
        complain(problem)
    return 1 if failure else 0


async def _call(spec: GraphSpec, line: WavLine, patience: float) -> str | None:
    """The whole call. Why it failed, if it did."""
    from voicegraph.graph.host import Host
    from voicegraph.graph.session import Session

    async with Host() as host:
        session = Session(spec, line, id="run", host=host)
        await session.start()
        talking = asyncio.create_task(line.talk(patience))
        ending = asyncio.create_task(session.wait())
        try:
            await asyncio.wait([talking, ending], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                return f"The call ended: {ending.result()}"
            return None if talking.result() else f"There was no reply within {patience:g} s of the end of the file."
        finally:
            talking.cancel()
            await session.close("done")
