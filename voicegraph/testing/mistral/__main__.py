"""`python -m voicegraph.testing.mistral`: the server in a process of its own, for benchmarks and for trying things by hand."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from dataclasses import fields, replace

from voicegraph.testing.mistral.behaviour import Delays, Script
from voicegraph.testing.mistral.server import MistralServer

_LOG_SIZE = 1000  # records: nobody reads them here


def _delay(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in {field.name for field in fields(Delays)}:
        raise argparse.ArgumentTypeError(f"no delay {name!r}; there are {', '.join(field.name for field in fields(Delays))}")
    try:
        return name, float(value.removesuffix("ms")) / 1000 if value.endswith("ms") else float(value.removesuffix("s"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} takes a number, as in {name}=150ms or {name}=0.15, not {value!r}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m voicegraph.testing.mistral", description="Mistral's API on loopback. Prints its URL when ready.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--delay", type=_delay, action="append", default=[], metavar="NAME=VALUE", help="as in first_token=150ms or speech_speed=4")
    parser.add_argument("--utterance", action="append", default=[], metavar="WORDS", help="what the next stretch of speech says; may be repeated")
    parser.add_argument("--reply", action="append", default=[], metavar="WORDS", help="what the next chat answers; may be repeated")
    parser.add_argument("--api-key", help="refuse any other key; default: take all")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    script = Script()
    script = replace(script, utterances=options.utterance or script.utterances, replies=options.reply or script.replies)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with MistralServer(script, Delays(**dict(options.delay)), api_key=options.api_key, port=options.port, log_size=_LOG_SIZE) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Parse the command line and serve until SIGINT or SIGTERM."""
    parser = _parser()
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        parser.error(f"cannot listen on port {options.port}: {error.strerror or error}")


if __name__ == "__main__":
    main()
