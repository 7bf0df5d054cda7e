"""The subcommands, one module each: `add` declares the arguments, `run` does the work and returns the exit code."""

from __future__ import annotations

import argparse
import sys
from typing import TypeAlias

from voicegraph.errors import Failure

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class CommandError(Failure):
    """What a command was asked to do cannot be done."""


def say(line: str = "") -> None:
    """One line on stdout, at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """One line on stderr."""
    sys.stderr.write(line + "\n")
