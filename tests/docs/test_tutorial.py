"""docs/tutorial.md from top to bottom, in an empty folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs.conftest import DOCS, blocks

if TYPE_CHECKING:
    from tests.docs.conftest import Served

MAKEFILE = DOCS.parent / "Makefile"
BEFORE = ("make run", ". .venv/bin/activate", "mkdir -p mine && cd mine", "pip install -q pytest pytest-asyncio")
"""What makes the environment that the tests are in already."""


async def test_it_works_from_top_to_bottom(served: Served, reader: dict[str, str], tmp_path: Path) -> None:
    def shell(command: str) -> str:
        done = subprocess.run(command, shell=True, cwd=tmp_path, env=reader, capture_output=True, text=True, timeout=120, check=False)
        return done.stdout + done.stderr + (f"exit {done.returncode}" if done.returncode else "")

    for block in blocks("tutorial.md"):
        if block.file is not None:
            (tmp_path / block.file).write_text(block.code)
        elif block.language == "console":
            command, _, printed = block.code.removeprefix("$ ").partition("\n")
            assert shell(command) == f"{printed}exit 1", command
        else:
            assert block.language == "sh"
            for command in block.code.splitlines():
                if command.startswith("voicegraph serve"):
                    async with served(command):
                        pass
                elif command not in BEFORE:
                    said = shell(command)
                    assert "exit " not in said, f"{command}\n{said}"
    assert "\nrun: " in MAKEFILE.read_text()
    assert (tmp_path / "reply.wav").stat().st_size > 24_000  # more than half a second was heard
