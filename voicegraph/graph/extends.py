"""From a file and what it extends to one list of nodes, each value still at its own line.

Mappings merge, scalars and lists replace, `node: null` removes, another `use` keeps nothing but the place in the order. The file that was
asked for comes first in `chain`; the files behind it are only what it starts from, so a mistake is told at a line that its reader can mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from voicegraph.graph import shipped
from voicegraph.graph.document import Document, Entry, Fields, Items, Node, Scalar, read
from voicegraph.graph.environment import expand
from voicegraph.graph.report import Report, closest, did_you_mean, listed
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import Position

FORMAT = "1"
TOP_LEVEL = ("about", "extends", "nodes", "allow", "format")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Draft:
    """A node as the files say it, merged and unchecked. `position` is its name in the last file that mentions it."""

    name: str
    position: Position
    fields: Mapping[str, Entry]

    def text(self, key: str) -> Scalar | None:
        entry = self.fields.get(key)
        return entry.value if entry and isinstance(entry.value, Scalar) and not entry.value.null else None


@dataclass(slots=True)
class Merged:
    """A file with everything that it extends."""

    about: str = ""
    nodes: list[Draft] = field(default_factory=list)
    """In the order in which the call flows."""
    names: set[str] = field(default_factory=set)
    """Of all nodes, those included whose own mistakes have been told."""
    removed: dict[str, Draft] = field(default_factory=dict)
    """What `node: null` or another `use` took away, at the position where that is said."""
    allow: dict[str, Entry] = field(default_factory=dict)

    def find(self, name: str) -> Draft | None:
        return next((draft for draft in self.nodes if draft.name == name), None)


def chain(path: Path, environ: Mapping[str, str], report: Report, sources: Sources) -> list[Document]:
    """The file and the files that it extends, its own first. Reads as far as it can."""
    documents: list[Document] = []
    seen: list[Path] = []
    here: Path | None = path
    while here is not None and (document := read(here, report, sources)) is not None:
        documents.append(document)
        seen.append(here.resolve())
        here = _base(document, environ, report, sources)
        if here is not None and here.resolve() in seen:
            circle = " → ".join(file.name for file in [*seen[seen.index(here.resolve()) :], here])
            report.mistake(document.root.entries["extends"].value.position, f"extends goes round in a circle: {circle}")
            break
    return documents


def _base(document: Document, environ: Mapping[str, str], report: Report, sources: Sources) -> Path | None:
    entry = document.root.entries.get("extends")
    if entry is None:
        return None
    value = entry.value
    if not isinstance(value, Scalar) or not value.text or value.null:
        report.mistake(value.position, "extends takes one graph: the name of a shipped one, or a file such as ./base.yaml")
        return None
    expansion = expand(value.text, environ)
    if problem := expansion.problem():
        report.mistake(value.position, problem)
        return None
    if expansion.left_out:
        return None
    base = locate(expansion.text, document.path.parent)
    if not base.is_file():
        sources.note(base)
        hidden = f"there is no graph where {value.text} points"
        report.mistake(value.position, hidden if expansion.variables else missing(expansion.text, base))
        return None
    return base


def locate(name: str, folder: Path) -> Path:
    """The file that a name stands for: a path relative to `folder`, or a shipped graph."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return folder / name
    return shipped.folder() / f"{name}.yaml"


def missing(name: str, path: Path) -> str:
    """The sentence for a graph that is not there."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return f"there is no file {path}"
    known = shipped.names()
    hint = did_you_mean(name, known) or f" (there are {listed(known, 'and')})" if known else ""
    return f"no shipped graph is called '{name}'{hint}; a file of your own is written ./{name}.yaml"


def merge(documents: Sequence[Document], report: Report) -> Merged:
    """Lay the files over each other, the base first."""
    merged = Merged()
    for depth, document in reversed(list(enumerate(documents))):
        base = documents[depth + 1].path.stem if depth + 1 < len(documents) else None
        _Layer(merged, base, report).lay(document.root)
    return merged


class _Layer:
    """One file laid over what it extends. `base` is the name of that, None for a file that stands alone."""

    def __init__(self, merged: Merged, base: str | None, report: Report) -> None:
        self._merged = merged
        self._base = base
        self._report = report

    def lay(self, root: Fields) -> None:
        sections: dict[str, Callable[[Node], None]] = {"about": self._about, "format": self._format, "nodes": self._nodes}
        strange = [key for key in root.entries if key not in TOP_LEVEL]
        lost_base = any(closest(key, TOP_LEVEL) == "extends" for key in strange)
        for key, entry in root.entries.items():
            if key == "name":
                self._report.mistake(entry.position, "a graph is named by its file: leave name: out")
            elif key in strange:
                hint = did_you_mean(key, TOP_LEVEL) or (": nodes stand inside nodes:, indented" if _looks_like_node(entry.value) else "")
                self._report.mistake(entry.position, f"'{key}' is none of {listed(TOP_LEVEL)}{hint}")
            elif key in sections and not lost_base:
                sections[key](entry.value)
        if "allow" in root.entries:
            self._allow(root.entries["allow"].value)  # last, wherever it stands: what the nodes do away with is of the base
        if "nodes" not in root.entries and self._base is None and not lost_base:
            self._report.mistake(root.position, "a graph needs nodes:")

    def _about(self, value: Node) -> None:
        if not isinstance(value, Scalar) or value.null:
            self._report.mistake(value.position, "about is one text: what a caller can expect of this graph")
        else:
            self._merged.about = value.text.strip()

    def _format(self, value: Node) -> None:
        if not isinstance(value, Scalar) or value.text != FORMAT:
            self._report.mistake(value.position, f"this voicegraph reads format {FORMAT}: a newer one may read this file")

    def _allow(self, value: Node) -> None:
        if isinstance(value, Fields):
            self._merged.allow.update(value.entries)
        else:
            self._report.mistake(value.position, "allow is a mapping: node.option, and what a client may set it to")

    def _nodes(self, value: Node) -> None:
        if not isinstance(value, Fields) or not value.entries:
            self._report.mistake(value.position, "nodes is a mapping: a name and a processor on each line, in the order in which the call flows")
            return
        for entry in value.entries.values():
            self._node(entry)

    def _node(self, entry: Entry) -> None:
        name = entry.key
        if not _NAME.fullmatch(name) or name == "none":
            why = "'none' means no source in from:" if name == "none" else f"'{name}' is not a name: small letters, digits and _, a letter first"
            self._report.mistake(entry.position, f"{why}; call the node something else")
        elif isinstance(entry.value, Scalar) and entry.value.null:
            self._remove(entry)
            return
        elif (fields := self._fields(entry)) is not None:
            old = self._merged.find(name)
            if old is None:
                self._add(Draft(name, entry.position, fields))
            elif self._base is not None:
                self._change(old, Draft(name, entry.position, fields))
        self._merged.names.add(name)

    def _fields(self, entry: Entry) -> Mapping[str, Entry] | None:
        match entry.value:
            case Fields():
                return entry.value.entries
            case Scalar():
                return {"use": Entry("use", entry.value, entry.value.position)}
            case Items():
                self._report.mistake(entry.value.position, f"'{entry.key}' is a processor's name or a mapping, not a list")
                return None

    def _remove(self, entry: Entry) -> None:
        old = self._merged.find(entry.key)
        if self._base is None:
            self._report.mistake(entry.position, f"'{entry.key}' needs a processor: {entry.key}: webrtc_in, or {entry.key}: {{use: …}}")
        elif old is None:
            known = did_you_mean(entry.key, self._names())
            self._report.mistake(entry.position, f"no node '{entry.key}' in {self._base} to remove{known}")
        else:
            self._merged.nodes.remove(old)
            self._merged.names.discard(old.name)
            self._gone(old, entry.position)

    def _add(self, new: Draft) -> None:
        if "use" not in new.fields:
            if self._base is None:
                self._report.mistake(new.position, needs_use(new.name, new.fields))
            else:
                known = did_you_mean(new.name, self._names())
                self._report.mistake(new.position, f"no node '{new.name}' in {self._base} to change{known}; a new one needs use:")
            return
        place = self._place(new)
        self._merged.nodes.insert(place, replace(new, fields=_without_order(new.fields)))

    def _place(self, new: Draft) -> int:
        """Where `after` or `before` puts it; the end by default."""
        end = len(self._merged.nodes)
        said = [new.fields[key] for key in ("after", "before") if key in new.fields]
        if not said:
            return end
        if self._base is None:
            self._report.mistake(said[0].position, f"{said[0].key}: is for files with extends:; here the order of the lines is the order of the call")
        elif len(said) == 2:
            self._report.mistake(said[1].position, f"'{new.name}' says after: and before:, and one of them is enough")
        else:
            return self._beside(said[0])
        return end

    def _beside(self, said: Entry) -> int:
        names = self._names()
        if not isinstance(said.value, Scalar):
            self._report.mistake(said.value.position, f"{said.key}: takes the name of one node")
        elif said.value.text in names:
            return names.index(said.value.text) + (said.key == "after")
        else:
            hint = did_you_mean(said.value.text, names)
            self._report.mistake(said.value.position, f"{said.key}: no node '{said.value.text}' so far{hint}")
        return len(names)

    def _change(self, old: Draft, new: Draft) -> None:
        for key in ("after", "before"):
            if key in new.fields:
                where = f"'{new.name}' is a node of {self._base} and keeps its place"
                self._report.mistake(new.fields[key].position, f"{where}: {key}: is for new nodes; remove it and add one under another name")
        changed = Draft(new.name, new.position, _merge_node(old.fields, _without_order(new.fields)))
        if _another_use(old.fields, new.fields):
            self._gone(old, new.position)
        self._merged.nodes[self._merged.nodes.index(old)] = changed

    def _gone(self, old: Draft, position: Position) -> None:
        """The base's node is not there any more, so what the base allowed of it says nothing."""
        self._merged.removed[old.name] = replace(old, position=position)
        self._merged.allow = {key: entry for key, entry in self._merged.allow.items() if key.partition(".")[0] != old.name}

    def _names(self) -> list[str]:
        return [draft.name for draft in self._merged.nodes]


def needs_use(name: str, fields: Mapping[str, Entry]) -> str:
    """The sentence for a node without a processor."""
    written = closest("use", [key for key in fields if key != "use"])
    return f"'{name}' needs use: and the name of a processor{f', not {written}:' if written else ''}"


def _looks_like_node(value: Node) -> bool:
    return isinstance(value, Fields) and "use" in value.entries


def _without_order(fields: Mapping[str, Entry]) -> Mapping[str, Entry]:
    return {key: entry for key, entry in fields.items() if key not in ("after", "before")}


def _another_use(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> bool:
    return "use" in new and new["use"].value.written() != (old["use"].value.written() if "use" in old else None)


def _merge_node(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Mapping[str, Entry]:
    if _another_use(old, new):
        return new
    return _merge_fields(old, new)


def _merge_fields(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Mapping[str, Entry]:
    merged = dict(old)
    for key, entry in new.items():
        merged[key] = _merge_entry(old[key], entry) if key in old else entry
    return merged


def _merge_entry(old: Entry, new: Entry) -> Entry:
    if not (isinstance(old.value, Fields) and isinstance(new.value, Fields)):
        return new
    merge_both = _merge_node if new.key == "otherwise" else _merge_fields
    return replace(new, value=replace(new.value, entries=merge_both(old.value.entries, new.value.entries)))
