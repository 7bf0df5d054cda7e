"""The pages of docs/ as what they promise to be: commands that run and files that work."""

from __future__ import annotations

import os
import re
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.conftest import browse, chromium, mistral, serve

__all__ = ["browse", "chromium", "mistral", "serve"]

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a page."""

    language: str
    code: str

    @property
    def file(self) -> str | None:
        """The file that it is, said by its first line: `# radio.yaml`."""
        found = re.match(r"# (\S+\.(?:yaml|py))\n", self.code)
        return found[1] if found else None


def blocks(page: str) -> list[Block]:
    """Those of `tutorial.md`, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [Block(language, code) for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]


@pytest.fixture
def reader() -> dict[str, str]:
    """The environment of somebody who reads along: the commands are on the path, there is no key."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("MISTRAL_")}
    return known | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}


Served = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def served(reader: dict[str, str], tmp_path: Path) -> Served:
    """`async with served("voicegraph serve …") as address`: that command, at a port that is free."""

    @asynccontextmanager
    async def served(command: str) -> AsyncIterator[str]:
        process = await create_subprocess_exec(*command.split(), "--port", "0", cwd=tmp_path, env=reader, stdout=PIPE)
        assert process.stdout is not None
        try:
            line = (await process.stdout.readline()).decode()
            assert " listens at " in line, command
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            process.terminate()
            await process.communicate()

    return served
