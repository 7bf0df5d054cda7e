"""`load`: from a graph file to a checked `GraphSpec`, or to every mistake of the stage that found them.

Three stages: syntax, then nodes and options, then links. A stage begins only when the one before found nothing wrong, so that no mistake
is told twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from voicegraph.frames import Event
from voicegraph.graph import extends
from voicegraph.graph.allow import check_allow
from voicegraph.graph.document import Document, Entry, Fields, Node, Scalar
from voicegraph.graph.extends import Draft, Merged
from voicegraph.graph.handover import handover_of
from voicegraph.graph.linking import Origin, Unlinked, link, link_stand_ins
from voicegraph.graph.options import check_options
from voicegraph.graph.processor import Processor
from voicegraph.graph.reading import Reader
from voicegraph.graph.registry import NotFound, Registry
from voicegraph.graph.report import Report, listed
from voicegraph.graph.settings import STRUCTURE
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import GraphSpec, NodeSpec, Position


def load(source: str | Path, environ: Mapping[str, str] | None = None, registry: Registry | None = None, sources: Sources | None = None) -> GraphSpec:
    """Read and check a graph. `source` is a file, or the bare name of a shipped graph; `environ` is what `${NAME}` means, by default the
    process's environment; `sources` learns which files were read, also when that ends with an error, and may have drafts in the place of files.

    Raises GraphError with every mistake of the first stage that found any.
    """
    report = Report()
    environ = os.environ if environ is None else environ
    sources = Sources() if sources is None else sources
    path = _find(source, report, sources)
    documents = extends.chain(path, environ, report, sources)
    report.end_stage()
    return check(documents, environ, registry or Registry(), sources)


def check(documents: Sequence[Document], environ: Mapping[str, str], registry: Registry, sources: Sources) -> GraphSpec:
    """The stages after the first, for files that are parsed already: the graph's own, then those that it extends. Raises GraphError."""
    report = Report()
    merged = extends.merge(documents, report)
    builder = _Builder(registry, Reader(environ, report, sources), report, sources)
    nodes = [node for draft in merged.nodes if (node := builder.node(draft)) is not None]
    check_allow(merged.allow, {node.spec.name: node.spec for node in nodes}, merged.names, report)
    report.end_stage()
    origin = _origin(documents, merged)
    linked = link(nodes, origin, builder.reader, builder.registry, report)
    report.end_stage()
    linked = link_stand_ins(linked, nodes, origin, builder.reader, builder.registry, report)
    report.end_stage()
    return GraphSpec(
        name=documents[0].path.stem,
        file=documents[0].path,
        about=merged.about,
        nodes=linked,
        files=sources.files,
        version=sources.version,
        allow={key: entry.value.written() for key, entry in merged.allow.items()},
        notes=tuple(report.notes),
    )


def _find(source: str | Path, report: Report, sources: Sources) -> Path:
    path = source if isinstance(source, Path) else extends.locate(source, Path())
    if not sources.there(path):
        sources.note(path)
        report.mistake(Position(str(source), 1, 1), extends.missing(str(source), path))
        report.end_stage()
    return path


def _origin(documents: Sequence[Document], merged: Merged) -> Origin:
    first = documents[0]
    extending = first.root.entries.get("extends")
    return Origin(str(first.path), extending.position if extending else None, merged.removed, _start(first))


def _start(document: Document) -> Position:
    nodes = document.root.entries.get("nodes")
    return nodes.position if nodes else document.root.position


def _places(entries: Mapping[str, Entry], within: str = "") -> Iterator[tuple[str, Position]]:
    for key, entry in entries.items():
        yield f"{within}{key}", entry.value.position if isinstance(entry.value, Scalar) else entry.position
        if isinstance(entry.value, Fields):
            yield from _places(entry.value.entries, f"{within}{key}.")


def _sources(fields: Mapping[str, Entry]) -> tuple[Node | None, tuple[Node | None, ...]]:
    """The `from:` of a node, and those of its stand-ins."""
    own = fields["from"].value if "from" in fields else None
    otherwise = fields["otherwise"].value if "otherwise" in fields else None
    if not isinstance(otherwise, Fields):
        return own, ()
    first, rest = _sources(otherwise.entries)
    return own, (first, *rest)


class _Builder:
    """Stage two: from drafts to nodes with a class and settings, not linked yet."""

    def __init__(self, registry: Registry, reader: Reader, report: Report, sources: Sources) -> None:
        self.registry = registry
        self.reader = reader
        self._report = report
        self._sources = sources

    def node(self, draft: Draft) -> Unlinked | None:
        spec = self._spec(draft.name, draft.position, draft.fields)
        return Unlinked(spec, *_sources(draft.fields)) if spec else None

    def _spec(self, name: str, at: Position, fields: Mapping[str, Entry]) -> NodeSpec | None:
        processor = self._processor(name, at, fields)
        if processor is None:
            return None
        settings = check_options(name, at, fields, processor.contract.settings, self.reader, self._report)
        otherwise = self._otherwise(name, processor, fields["otherwise"]) if "otherwise" in fields else None
        if settings is None:
            return None
        options = {key: entry for key, entry in fields.items() if key not in STRUCTURE}
        written = {key: entry.value.written() for key, entry in options.items()}
        use = fields["use"].value
        places = dict(_places(options))
        return NodeSpec(name, use.text if isinstance(use, Scalar) else "", processor, settings, at, written, places=places, otherwise=otherwise)

    def _processor(self, name: str, at: Position, fields: Mapping[str, Entry]) -> type[Processor] | None:
        use = fields["use"].value if "use" in fields else None
        if not isinstance(use, Scalar) or use.null or not isinstance(use.written(), str):
            self._report.mistake(use.position if use else at, extends.needs_use(name, fields))
            return None
        before = len(self._report.mistakes)
        text = self.reader.text(use)
        if text is None:
            if len(self._report.mistakes) == before:
                self._report.mistake(use.position, f"'{name}' needs a processor, and {use.text} is empty")
            return None
        try:
            return self.registry.find(text, Path(use.position.file).parent, self._sources)
        except NotFound as problem:
            hidden = f"'{name}' cannot use what {use.text} stands for: it names no processor that can be loaded"
            self._report.mistake(use.position, str(problem) if text == use.text else hidden)
            return None

    def _otherwise(self, name: str, processor: type[Processor], entry: Entry) -> NodeSpec | None:
        if not isinstance(entry.value, Fields):
            self._report.mistake(entry.value.position, f"otherwise: is a mapping like a node: {{use: …}}, and stands in when '{name}' cannot work")
            return None
        fields = entry.value.entries
        for key in ("after", "before"):
            if key in fields:
                self._report.mistake(fields[key].position, f"a stand-in stands where '{name}' stands: leave {key}: out")
        spec = self._spec(name, entry.position, fields)
        if spec is not None:
            self._fits(name, processor, spec)
        return spec

    def _fits(self, name: str, processor: type[Processor], spec: NodeSpec) -> None:
        if handover_of(processor.contract.outs, None) is None:
            self._report.mistake(spec.position, f"'{name}' cannot have a stand-in: what hears, answers or speaks can")
            return
        needed = {port for port, out in processor.contract.outs.items() if out.kind is not Event}  # nothing depends on those
        lacking = needed - set(spec.processor.contract.outs)
        if lacking:
            self._report.mistake(spec.position, f"{spec.use} cannot stand in for '{name}': it does not give {listed(sorted(lacking), 'and')}")
