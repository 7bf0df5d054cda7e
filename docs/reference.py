"""Writes docs/reference/: pages that are made of nothing but the classes they tell of. `make reference`; a test fails while they are stale."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from voicegraph import frames
from voicegraph.commands.explain import shown
from voicegraph.graph.describe import Description, Option, Port, describe
from voicegraph.graph.registry import Registry

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by `make reference` from the classes themselves: change those. -->"


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    own = Registry()
    found = [describe(name, own.catalogue[name]) for name in own.own_names]
    return {"processors.md": "\n".join(_processors(found)) + "\n", "frames.md": "\n".join(_frames()) + "\n"}


def _processors(found: list[Description]) -> Iterator[str]:
    yield from (MADE, "", "# Processors", "")
    yield "What can stand after `use:`. In a terminal, `voicegraph explain webrtcvad` says the same, also of processors of your own."
    yield from ("", "| processor | what it does |", "|---|---|")
    yield from (f"| [`{each.name}`](#{each.name}) | {each.about} |" for each in found)
    for each in found:
        yield from _processor(each)


def _processor(it: Description) -> Iterator[str]:
    yield from ("", f"## {it.name}", "", it.about)
    if it.more:
        yield from ("", it.more)
    if it.example:
        yield from ("", "```yaml", it.example, "```")
    if it.needs:
        yield from ("", f"It needs `pip install 'voicegraph[{','.join(it.needs)}]'`.")
    if it.inputs or it.outputs:
        yield from ("", "| port | kind | |", "|---|---|---|")
        yield from (_port("in", port) for port in it.inputs)
        yield from (_port("out", port) for port in it.outputs)
    if it.options:
        yield from ("", "| option | takes | unless written | |", "|---|---|---|---|")
        for option in it.options:
            yield from _option(option, "")


def _port(way: str, port: Port) -> str:
    return f"| {way} `{port.name}` | [{port.kind}](frames.md#{port.kind.lower()}) | {', '.join(port.notes)} |"


def _option(option: Option, within: str) -> Iterator[str]:
    default = "*required*" if option.required else "" if option.options or option.default in (None, []) else f"`{shown(option.default)}`"
    preset = f" ({option.origin})" if option.origin != "default" else ""
    yield f"| `{within}{option.name}` | {option.takes} | {default}{preset} | {option.about} |"
    for inside in option.options:
        yield from _option(inside, f"{within}{option.name}.")


def _frames() -> Iterator[str]:
    yield from (MADE, "", "# Frames", "", "What flows through a graph. An input takes the kind that it names and those that are made of it.")
    for kind in vars(frames).values():
        if isinstance(kind, type) and issubclass(kind, frames.Frame):
            yield from _kind(kind)


def _kind(kind: type[frames.Frame]) -> Iterator[str]:
    base = kind.__mro__[1]
    yield from ("", f"## {kind.__name__}", "")
    if base is not object:
        yield from (f"A kind of [{base.__name__}](#{base.__name__.lower()}).", "")
    yield " ".join(inspect.cleandoc(kind.__doc__ or "").split())
    fields = inspect.get_annotations(kind)
    if fields:
        yield from ("", "| field | type |", "|---|---|")
        yield from (f"| `{name}` | `{_cell(annotation)}` |" for name, annotation in fields.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")
