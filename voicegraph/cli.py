"""The command line: `voicegraph serve | new | check | run | captions | graph | explain | voice | schema`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from voicegraph import __version__
from voicegraph.commands import captions, check, explain, graph, new, run, schema, serve, voice
from voicegraph.errors import VoicegraphError

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0: done; 1: it could not be done, and a sentence on stderr says why; 2: the command line was wrong."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except VoicegraphError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # of `voicegraph … | head`: who reads has enough; stdout must not be flushed into it once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="voicegraph", description="Voice agents: a browser calls, a graph in YAML answers.")
    parser.add_argument("--version", action="version", version=f"voicegraph {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (serve, new, check, run, captions, graph, explain, voice, schema):
        command.add(commands)
    return parser
