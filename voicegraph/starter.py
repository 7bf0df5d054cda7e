"""What `voicegraph new` writes: a graph to begin with, or a processor and its test. Texts only; `commands/new.py` puts them into files."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

from ruamel.yaml import YAML

from voicegraph.graph.spec import GraphSpec

ABOUT = "Say here in one line what a caller can expect."
WELCOME = "Hello! What can I do for you?"
_PLAIN = re.compile(r"[A-Za-z][\w./-]*")
_BESIDE = re.compile(r"(?<![\w./])\./(\w[\w-]*\.\w+)")

_GRAPH = Template("""\
# What is not said here is as in $base; voicegraph explain $base:NODE tells what a node can be told.
# A saved change is for the next call.

about: $about
extends: $base

nodes:
$changed
  # The nodes of $base in the order of the call, as they are. Take away a # to change one.
$others
  # A new node, here one that records every call: the caller on the left, the replies on the right.
  # $record: {use: recorder, path: "calls/{session}.wav"}
""")

_PROCESSOR = Template('''\
"""A processor of your own. A graph beside this file takes it as `use: ./$module.py:$name`."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class ${name}Settings(Settings):
    """The options; the line below each says what it is for, in `voicegraph explain` and in editors."""

    style: Literal["upper", "lower"] = "upper"
    """Capitals, or none."""


class $name(Processor):
    """Changes how the words of the reply are written, on their way from the agent to the voice.

        $module: {use: "./$module.py:$name", after: agent, style: upper}

    In a graph that extends another, after: puts it into its place.
    """

    virtual_time = True  # it waits for nothing but the event loop
    settings: ${name}Settings
    words = In(ReplyText)
    changed = Out(ReplyText)

    def on_words(self, text: ReplyText) -> None:
        styled = text.text.upper() if self.settings.style == "upper" else text.text.lower()
        self.changed.send(replace(text, text=styled))  # replace keeps the number of the reply that it belongs to
''')

_TEST = Template('''\
"""$name, alone and in a graph: pytest test_$module.py"""

from __future__ import annotations

from pathlib import Path

from voicegraph.frames import ReplyText
from voicegraph.graph.load import load
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.runner import OneNode

from $module import $name


def test_words_are_written_in_capitals() -> None:
    async def main() -> None:
        async with OneNode($name, {"style": "upper"}) as node:
            reply = node.begin()
            node.give("words", ReplyText(text="Good morning.", at=0, epoch=reply))
            [changed] = node.sent("changed")
            assert changed == ReplyText(text="GOOD MORNING.", at=0, epoch=reply)

    run_virtual(main())


def test_words_of_a_reply_that_is_over_go_nowhere() -> None:
    async def main() -> None:
        async with OneNode($name) as node:
            reply = node.begin()
            node.drop()
            node.give("words", ReplyText(text="Good morning.", at=0, epoch=reply))
            assert node.sent("changed") == []

    run_virtual(main())


def test_a_graph_can_use_it(tmp_path: Path) -> None:
    graph = tmp_path / "graph.yaml"
    file = Path(__file__).with_name("$module.py")
    graph.write_text(f"extends: local\\nnodes:\\n  $module: {{use: '{file}:$name', after: agent}}\\n")
    [words] = load(graph).node("$module").links
    assert (words.source, words.out) == ("agent", "reply")
''')


def graph_on(base: GraphSpec, name: str) -> str:
    """A graph that extends another, with its nodes as comments. name: what the file is to say after `extends:`."""
    floor = next((node for node in base.nodes if node.processor.owns_floor), None)
    others = [f"{node.name}: {_flow(options)}\n" for node in base.nodes if node is not floor and (options := _movable(node.written))]
    changed = f"  {floor.name}:\n    welcome: {WELCOME}\n" if floor else f"  {others.pop(0)}"
    record = "recording" if any(node.name == "record" for node in base.nodes) else "record"
    return _GRAPH.substitute(base=name, about=ABOUT, changed=changed, others="".join(f"  # {other}" for other in others), record=record)


def _movable(written: Mapping[str, object]) -> dict[str, object]:
    """The options that mean the same in another folder: not those that name a file beside their graph."""
    return {option: value for option, value in written.items() if not _BESIDE.search(str(value))}


def companions(graph: Path, text: str) -> list[Path]:
    """The files beside a graph that its text names, such as `./tools.py:time_in`."""
    return sorted({file for name in _BESIDE.findall(text) if (file := graph.parent / name).is_file()})


def copy_of(text: str) -> str:
    """A graph file with another `about`; its comments and its order stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000
    document = yaml.load(text)
    document["about"] = ABOUT
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def processor(module: str) -> tuple[str, str]:
    """The texts of `module.py` and of its test."""
    name = "".join(part.capitalize() for part in module.split("_"))
    return _PROCESSOR.substitute(module=module, name=name), _TEST.substitute(module=module, name=name)


def extends(base: Path, file: Path) -> str:
    """How `file` names another file as its base."""
    path = os.path.relpath(base.resolve(), file.resolve().parent)
    return path if path.startswith("..") else f"./{path}"


def _flow(value: object) -> str:
    """In one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and (_PLAIN.fullmatch(value) or re.fullmatch(r"-?[\d.]+(ms|s|min|dB)", value)):
        return value
    return json.dumps(value, ensure_ascii=False)
