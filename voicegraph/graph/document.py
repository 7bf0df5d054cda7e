"""A YAML file as a tree that knows where everything stands.

Only the part of YAML 1.2 that a graph needs: mappings with text keys, lists, scalars of the core schema, and aliases. Built from the
parser's events, because a tree of plain values has lost the line and column of a key, and because here a duplicate key is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from voicegraph.graph.report import Report
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import Position
from voicegraph.graph.syntax import explain

_DEEPEST = 40
_LARGEST = 20_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `plain`: written without quotes, so that the core schema may read it as a number, a boolean or null."""

    text: str
    plain: bool
    position: Position

    def written(self) -> object:
        """The value as the core schema reads it. `no` and `1:30` are texts."""
        return _core(self.text) if self.plain else self.text

    @property
    def null(self) -> bool:
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    position: Position

    def written(self) -> object:
        return [item.written() for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; `position` is the key's."""

    key: str
    value: Node
    position: Position


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, in the file's order."""

    entries: Mapping[str, Entry]
    position: Position

    def written(self) -> object:
        return {key: entry.value.written() for key, entry in self.entries.items()}


Node = Scalar | Items | Fields


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its path, and its top level."""

    path: Path
    root: Fields


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {word: value for value, words in ((True, "true True TRUE"), (False, "false False FALSE")) for word in words.split()}
_INT = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _core(text: str) -> object:
    """YAML 1.2.2, section 10.3.2, except for .inf and .nan, which no option wants."""
    if text in _NULLS:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def read(path: Path, report: Report, sources: Sources) -> Document | None:
    """Read and parse a file. None, and the mistakes in `report`, when it is not a mapping of YAML."""
    start = Position(str(path), 1, 1)
    try:
        data = sources.read(path)
    except OSError as problem:
        report.mistake(start, f"this file cannot be read: {problem.strerror or problem}")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        report.mistake(replace(start, line=data.count(b"\n", 0, problem.start) + 1), "this line is not UTF-8: save the file as UTF-8")
        return None
    return parse(path, text, report)


def parse(path: Path, text: str, report: Report) -> Document | None:
    """`read` for a text that is already there; `path` names it."""
    builder = _Builder(str(path), report)
    before = len(report.mistakes)
    try:
        root = builder.document(iter(YAML(typ="safe", pure=True).parse(text)))
    # Besides its own errors the parser lets out what bad escapes and directives make Python's own functions raise.
    except (YAMLError, ValueError, OverflowError, AttributeError, IndexError, TypeError, AssertionError) as problem:
        line, column, sentence = explain(problem, text, builder.last)
        if all(mistake.line != line for mistake in report.mistakes[before:]):
            report.mistake(Position(str(path), line, column), sentence)
        return None
    if len(report.mistakes) > before:
        return None
    if not isinstance(root, Fields):
        at, sentence = (Position(str(path), 1, 1), "the file is empty") if root is None else (root.position, "a graph is a mapping")
        report.mistake(at, f"{sentence}: begin with about: and nodes:")
        return None
    return Document(path, root)


class _Builder:
    """Events → tree, by descent. The limits on depth and size keep a hostile file (aliases of aliases) from costing more than its reading."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report
        self._anchors: dict[str, Node] = {}
        self._left = _LARGEST
        self.last: ScalarEvent | None = None
        """Where the parser was before it stumbled."""

    def document(self, events: Iterator[Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self._report.mistake(self._at(event), "a second document begins here: one graph per file")
                    break
            elif isinstance(event, NodeEvent):
                root = self._node(event, events, 0)
        return root

    def _node(self, event: NodeEvent, events: Iterator[Event], depth: int) -> Node:
        at = self._at(event)
        if isinstance(event, AliasEvent):
            return self._alias(event, at)
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            tag = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._report.mistake(at, f"'{tag}' is a tag, and graph files have none: the option decides how its value is read")
        node = self._content(event, events, at, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: NodeEvent, events: Iterator[Event], at: Position, depth: int) -> Node:
        if depth > _DEEPEST:
            raise YAMLError(f"nested more than {_DEEPEST} levels deep")
        if isinstance(event, MappingStartEvent):
            return Fields(self._entries(events, depth + 1), at)
        if isinstance(event, SequenceStartEvent):
            return Items(tuple(self._node(item, events, depth + 1) for item in _until_end(events)), at)
        assert isinstance(event, ScalarEvent)
        self.last = event
        return Scalar(event.value, event.style is None and event.tag is None, at)

    def _entries(self, events: Iterator[Event], depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for event in _until_end(events):
            key = self._node(event, events, depth)
            value = self._node(_next_node(events), events, depth)
            if not isinstance(key, Scalar):
                self._report.mistake(key.position, "a key must be a text here")
            elif key.text in entries:
                first = entries[key.text].position.line
                self._report.mistake(key.position, f"'{key.text}' stands here twice (first on line {first}): keep one of them")
            else:
                nothing = isinstance(value, Scalar) and value.plain and not value.text
                entries[key.text] = Entry(key.text, replace(value, position=key.position) if nothing else value, key.position)
        return entries

    def _alias(self, event: AliasEvent, at: Position) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._report.mistake(at, f"nothing above is marked &{event.anchor}; put quotes around a text that begins with *")
            return Scalar("", True, at)
        self._left -= _size(node)
        if self._left < 0:
            raise YAMLError("aliases repeat more than a graph can need")
        return node

    def _at(self, event: Event) -> Position:
        return Position(self._file, event.start_mark.line + 1, event.start_mark.column + 1)


def _until_end(events: Iterator[Event]) -> Iterator[NodeEvent]:
    for event in events:
        if isinstance(event, CollectionEndEvent):
            return
        assert isinstance(event, NodeEvent)
        yield event


def _next_node(events: Iterator[Event]) -> NodeEvent:
    event = next(events)
    assert isinstance(event, NodeEvent)
    return event


def _size(node: Node) -> int:
    match node:
        case Scalar():
            return 1
        case Items():
            return 1 + sum(map(_size, node.items))
        case Fields():
            return 1 + sum(_size(entry.value) for entry in node.entries.values())
