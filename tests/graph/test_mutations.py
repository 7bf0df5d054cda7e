"""Every single structural edit of the shipped graphs is either still a right graph, or told at the right line.

The right line is where the reader of the file looks: the line of the edit; or of a node that is linked with the edited one or has its place by it
(`after`), in the graph as it was or by the edit; or `nodes:` and `extends:`, when the edit took an end of the call away. In a file that extends
another it is never a line of the base. The edits are made on the parsed tree, whose entries keep their places, so that thousands take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from voicegraph.errors import GraphError, Mistake
from voicegraph.graph.document import Document, Entry, Fields, Items, Node, Scalar, parse
from voicegraph.graph.extends import chain
from voicegraph.graph.load import check
from voicegraph.graph.registry import Registry
from voicegraph.graph.report import Report
from voicegraph.graph.settings import STRUCTURE
from voicegraph.graph.shipped import names
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import GraphSpec, Position

REGISTRY = Registry()
ENVIRON: dict[str, str] = {}
GRAPHS = tuple(names())


@dataclass(frozen=True)
class Mutant:
    """nodes: the file's nodes after one edit. at: the lines of the edit. touched: nodes that it is about. exact: must be told, and at these lines."""

    what: str
    nodes: Mapping[str, Entry]
    at: frozenset[int]
    touched: frozenset[str] = field(default_factory=frozenset)
    exact: bool = False


@cache
def documents(graph: str) -> tuple[Document, ...]:
    return tuple(chain(names()[graph], ENVIRON, Report(), Sources()))


@cache
def original(graph: str) -> GraphSpec:
    return check(documents(graph), ENVIRON, REGISTRY, Sources())


def nodes_of(document: Document) -> dict[str, Entry]:
    nodes = document.root.entries["nodes"].value
    assert isinstance(nodes, Fields)
    return dict(nodes.entries)


def fields_of(entry: Entry) -> dict[str, Entry]:
    """A node's keys; `caller: webrtc_in` is short for a mapping with use."""
    return dict(entry.value.entries) if isinstance(entry.value, Fields) else {"use": Entry("use", entry.value, entry.value.position)}


def with_nodes(document: Document, nodes: Mapping[str, Entry]) -> Document:
    entry = document.root.entries["nodes"]
    value = Fields(nodes, entry.value.position)
    return replace(document, root=replace(document.root, entries={**document.root.entries, "nodes": replace(entry, value=value)}))


def lines_of(entry: Entry) -> frozenset[int]:
    return frozenset(
        {entry.position.line, *(line for field in fields_of(entry).values() for line in (field.position.line, field.value.position.line))}
    )


def lines_allowing(graph: str, name: str) -> frozenset[int]:
    """Where the graph lets clients set options of this node."""
    allow = documents(graph)[0].root.entries.get("allow")
    entries = allow.value.entries if allow is not None and isinstance(allow.value, Fields) else {}
    return frozenset(entry.position.line for key, entry in entries.items() if key.partition(".")[0] == name)


def told(graph: str, nodes: Mapping[str, Entry]) -> list[Mistake]:
    first, *bases = documents(graph)
    try:
        check([with_nodes(first, nodes), *bases], ENVIRON, REGISTRY, Sources())
    except GraphError as problem:
        return problem.mistakes
    return []


def right_lines(graph: str, mutant: Mutant) -> set[int]:
    """Lines of the graph's own file where a mistake of this mutant may be told."""
    first = documents(graph)[0]
    ends = {first.root.entries[key].position.line for key in ("nodes", "extends") if key in first.root.entries}
    ends |= {first.root.entries["nodes"].value.position.line, *(entry.value.position.line for entry in [first.root.entries.get("extends")] if entry)}
    near = {
        line
        for name in neighbours(graph, mutant.touched | placed_by(mutant, graph))
        for nodes in (mutant.nodes, nodes_of(first))
        if name in nodes
        for line in lines_of(nodes[name])
    }
    return near | set(mutant.at) | ends


def placed_by(mutant: Mutant, graph: str) -> frozenset[str]:
    """The nodes whose place the touched ones decide, by `after` or `before`."""
    found = set(mutant.touched)
    every = [*mutant.nodes.items(), *nodes_of(documents(graph)[0]).items()]
    for _ in every:  # as often as the longest chain
        found |= {name for name, entry in every if any(isinstance(each.value, Scalar) and each.value.text in found for each in places_of(entry))}
    return frozenset(found)


def places_of(entry: Entry) -> list[Entry]:
    return [each for key, each in fields_of(entry).items() if key in ("after", "before")]


def neighbours(graph: str, touched: frozenset[str]) -> set[str]:
    """These nodes and those that they are linked with; a node that gives what it takes, such as a resampler, passes the question on."""
    spec, near, ahead = original(graph), set(touched), list(touched)
    passing = {node.name for node in spec.nodes if any(out.like for out in node.processor.contract.outs.values())}
    while ahead:
        name = ahead.pop()
        beside = {link.target for link in spec.links if link.source == name} | {link.source for link in spec.links if link.target == name}
        ahead += [other for other in beside - near if other in passing]
        near |= beside
    return near


def names_one(mistake: Mistake, touched: frozenset[str]) -> bool:
    """A node of which the edit makes a rival or a twin is not linked with it, and says so."""
    return any(re.search(rf"\b{re.escape(name)}\b", mistake.message) for name in touched)


def misplaced(graph: str, mutant: Mutant) -> list[str]:
    """What is told in the wrong place, or not told and must be."""
    mistakes = told(graph, mutant.nodes)
    right = set(mutant.at) if mutant.exact else right_lines(graph, mutant)
    right |= {
        each.position.line
        for entry in mutant.nodes.values()
        for each in places_of(entry)
        if isinstance(each.value, Scalar) and each.value.text in mutant.touched
    }
    own = [mistake for mistake in mistakes if Path(mistake.file) == documents(graph)[0].path]
    found = [mistake for mistake in own if mistake.line in right or (not mutant.exact and names_one(mistake, mutant.touched))]
    wrong = [str(mistake) for mistake in mistakes if mistake not in found]
    if mutant.exact and not mistakes:
        wrong.append("nothing is told")
    return [f"{mutant.what}: {each}" for each in wrong]


# --- the edits ---------------------------------------------------------------------------------------------------------------------------


def edited(nodes: Mapping[str, Entry], name: str, fields: Mapping[str, Entry]) -> dict[str, Entry]:
    return {**nodes, name: replace(nodes[name], value=Fields(fields, nodes[name].value.position))}


def plain(text: str, at: Position) -> Scalar:
    return Scalar(text, True, at)


def dropped(graph: str) -> Iterator[Mutant]:
    nodes = nodes_of(documents(graph)[0])
    extending = len(documents(graph)) > 1
    for name, entry in nodes.items():
        rest = {other: each for other, each in nodes.items() if other != name}
        yield Mutant(f"drop {name}", rest, lines_of(entry), frozenset({name}))
        for key, each in fields_of(entry).items():
            fields = {other: value for other, value in fields_of(entry).items() if other != key}
            must = key == "use" and not extending
            yield Mutant(f"drop {name}.{key}", edited(nodes, name, fields), lines_of(entry) | {each.position.line}, frozenset({name}), exact=must)


def renamed(graph: str) -> Iterator[Mutant]:
    nodes = nodes_of(documents(graph)[0])
    for name, entry in nodes.items():
        for new in (f"{name}x", name[:-1] or "q", "Upper", "two words", "none"):
            changed = {(new if other == name else other): replace(each, key=new) if other == name else each for other, each in nodes.items()}
            bad = new in ("Upper", "two words", "none")
            where = lines_of(entry) | lines_allowing(graph, name)
            yield Mutant(f"rename {name} to {new}", changed, where, frozenset({name, new}), exact=bad)
        for key, each in fields_of(entry).items():
            if key not in STRUCTURE:
                fields = {(f"{other}q" if other == key else other): value for other, value in fields_of(entry).items()}
                yield Mutant(f"rename {name}.{key}", edited(nodes, name, fields), frozenset({each.position.line}), frozenset({name}), exact=True)


def retyped(graph: str) -> Iterator[Mutant]:
    nodes = nodes_of(documents(graph)[0])
    for name, entry in nodes.items():
        fields = fields_of(entry)
        use = fields.get("use")
        at = use.value.position if use else entry.position
        for other in REGISTRY.own_names:
            other_use = {**fields, "use": Entry("use", plain(other, at), at)}
            yield Mutant(f"use {other} at {name}", edited(nodes, name, other_use), lines_of(entry), frozenset({name}))
            bare = edited(nodes, name, {"use": other_use["use"]})
            yield Mutant(f"use {other} at {name}, without options", bare, lines_of(entry), frozenset({name}))
        for text in ("no_such_processor", "./no.py:Such", "no.such:One"):
            fields_of_mutant = {**fields, "use": Entry("use", plain(text, at), at)}
            yield Mutant(f"use {text} at {name}", edited(nodes, name, fields_of_mutant), frozenset({at.line}), frozenset({name}), exact=True)
        for key, each in fields.items():
            for value, must in values_for(each):
                mutated = edited(nodes, name, {**fields, key: replace(each, value=value)})
                where = frozenset({each.position.line, value.position.line})
                yield Mutant(f"{name}.{key}: {value.written()!r}", mutated, where, frozenset({name}), exact=must and key != "from")


def values_for(entry: Entry) -> Iterator[tuple[Node, bool]]:
    """Values of every type, and whether no option of the shipped graphs takes one."""
    at = entry.value.position
    yield Fields({"odd": Entry("odd", plain("1", at), at)}, at), True
    yield Items((plain("odd", at),), at), True
    for text in ("-7", "banana", "true", "1.5", "null", "240", "3s", ""):
        yield plain(text, at), False


def duplicated(graph: str) -> Iterator[Mutant]:
    nodes = nodes_of(documents(graph)[0])
    for name, entry in nodes.items():
        twin = replace(entry, key=f"{name}2")
        order = list(nodes.items())
        for place in range(len(order) + 1):
            changed = dict([*order[:place], (twin.key, twin), *order[place:]])
            yield Mutant(f"{name} again at {place}", changed, lines_of(entry), frozenset({name, twin.key}))


def moved(graph: str) -> Iterator[Mutant]:
    nodes = nodes_of(documents(graph)[0])
    for name, entry in nodes.items():
        rest = [(other, each) for other, each in nodes.items() if other != name]
        for place in range(len(nodes)):
            yield Mutant(f"move {name} to {place}", dict([*rest[:place], (name, entry), *rest[place:]]), lines_of(entry), frozenset({name}))


def relinked(graph: str) -> Iterator[Mutant]:
    nodes, spec = nodes_of(documents(graph)[0]), original(graph)
    outs = [text for node in spec.nodes for text in (node.name, *(f"{node.name}.{out}" for out in node.processor.contract.outs))]
    for name, entry in nodes.items():
        at = replace(entry.position, column=90)
        ports = spec.node(name).processor.contract.ins
        wishes: list[tuple[str, Node]] = [(source, plain(source, at)) for source in [*outs, "nobody", "caller.nothing"]]
        for port, source in product([*ports, "noport"], [*outs, "none", "nobody"]):
            wishes.append((f"{{{port}: {source}}}", Fields({port: Entry(port, plain(source, at), at)}, at)))
        for text, value in wishes:
            named = {part.strip(" }").partition(".")[0] for part in text.split(":")[-1:]}
            fields = {**fields_of(entry), "from": Entry("from", value, at)}
            yield Mutant(f"{name} from: {text}", edited(nodes, name, fields), lines_of(entry) | {at.line}, frozenset({name, *named}))


EDITS = {edit.__name__: edit for edit in (dropped, renamed, retyped, duplicated, moved, relinked)}


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_right_or_told_at_the_right_line(edit: str, graph: str) -> None:
    mutants = list(EDITS[edit](graph))
    assert mutants
    assert [wrong for mutant in mutants for wrong in misplaced(graph, mutant)] == []


def test_there_are_thousands_and_most_are_noticed() -> None:
    """A checker that finds nothing wrong would pass the test above."""
    mutants = [(graph, mutant) for graph in GRAPHS for edit in ("dropped", "retyped", "moved") for mutant in EDITS[edit](graph)]
    assert sum(1 for graph in GRAPHS for edit in EDITS.values() for _ in edit(graph)) > 4000
    noticed = sum(bool(told(graph, mutant.nodes)) for graph, mutant in mutants)
    assert noticed > 0.8 * len(mutants)


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_line_that_stands_twice_is_told_where_it_stands_again(graph: str) -> None:
    path = names()[graph]
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if ":" in line.partition("#")[0] and not line.startswith("#") and not line.rstrip().endswith((":", ">-")):
            report = Report()
            parse(path, "\n".join([*lines[:number], line, *lines[number:]]), report)
            assert [mistake.line for mistake in report.mistakes] == [number + 1], line


@pytest.mark.parametrize(("graph", "key"), [(graph, key) for graph in GRAPHS for key in documents(graph)[0].root.entries])
def test_a_key_of_the_top_level_that_is_misspelt_is_told_at_its_line(key: str, graph: str) -> None:
    first, *bases = documents(graph)
    entries = {
        (f"{key}q" if other == key else other): replace(each, key=f"{key}q") if other == key else each for other, each in first.root.entries.items()
    }
    with pytest.raises(GraphError) as caught:
        check([replace(first, root=replace(first.root, entries=entries)), *bases], ENVIRON, REGISTRY, Sources())
    assert first.root.entries[key].position.line in {mistake.line for mistake in caught.value.mistakes}
