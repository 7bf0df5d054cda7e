"""`voicegraph new`: something to begin with."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from voicegraph.commands import CommandError, Subcommands, say

DESCRIPTION = """Write a graph to begin with, mine.yaml, or with --processor a processor of your own and its test, shout.py and test_shout.py.
Files that are there already are left alone."""
_MODULE = re.compile(r"[a-z][a-z0-9_]*")


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("new", help="write a graph or a processor to begin with", description=DESCRIPTION)
    parser.add_argument("name", metavar="NAME", type=Path, help="what it is to be called, with a folder if wanted")
    parser.add_argument(
        "--from", dest="base", metavar="GRAPH", help="the graph to begin with: a shipped one or a file (voxtral with a key, else local)"
    )
    parser.add_argument("--copy", action="store_true", help="all of that graph, instead of only what differs")
    parser.add_argument("--processor", action="store_true", help="a processor in Python and its test")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    name: Path = options.name
    if options.processor and (options.base or options.copy):
        raise CommandError("A processor is made from nothing: leave --from and --copy out.")
    return _processor(name) if options.processor else _graph(name, options.base, options.copy)


def _graph(name: Path, base: str | None, copy: bool) -> int:
    from voicegraph import starter
    from voicegraph.graph.load import load
    from voicegraph.graph.shipped import names
    from voicegraph.server.catalogue import choose

    file = name if name.suffix in (".yaml", ".yml") else name.with_name(f"{name.name}.yaml")
    base = base or choose()[0]
    spec = load(base)
    if copy:
        original = spec.file.read_text(encoding="utf-8")
        beside = {file.with_name(each.name): each.read_text(encoding="utf-8") for each in starter.companions(spec.file, original)}
        _write({file: starter.copy_of(original), **beside})
    else:
        _write({file: starter.graph_on(spec, base if base in names() else starter.extends(spec.file, file))})
    say(f"{file} is made from {base}. Next:")
    say(f"  voicegraph check {file}          finds mistakes")
    say(f"  voicegraph serve --graph {file}  takes calls; a saved change is for the next one")
    return 0


def _processor(name: Path) -> int:
    from voicegraph import starter

    module = name.stem if name.suffix == ".py" else name.name
    if not _MODULE.fullmatch(module):
        raise CommandError(f"'{module}' is no name for a Python file: small letters, digits and _, a letter first.")
    code, test = starter.processor(module)
    file, tests = name.with_name(f"{module}.py"), name.with_name(f"test_{module}.py")
    _write({file: code, tests: test})
    say(f"{file} and {tests} are made. Next:")
    say(f"  pytest {tests}               tests it (pip install pytest)")
    say(f"  voicegraph explain {file}:{_class_in(code)}  shows what it says of itself")
    say("The line for a graph stands in its docstring; docs/tutorial-processor.md goes on from here.")
    return 0


def _class_in(code: str) -> str:
    return str(re.findall(r"^class (\w+)\(Processor\)", code, re.MULTILINE)[0])


def _write(texts: Mapping[Path, str]) -> None:
    """All of the files or none; one that is there already with the same text is fine."""
    new = {file: text for file, text in texts.items() if not (file.is_file() and file.read_bytes() == text.encode())}
    there = [file for file in new if file.exists()]
    if there:
        raise CommandError(f"{there[0]} is there already: choose another name, or remove it.")
    for file, text in new.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
        except OSError as problem:
            raise CommandError(f"{file} cannot be written: {problem.strerror}.") from problem
