"""What every processor says of itself: an example that works, and a word on each of its options."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from voicegraph.graph.document import Fields, Scalar, parse
from voicegraph.graph.options import check_options
from voicegraph.graph.processor import Processor
from voicegraph.graph.reading import Reader, parts
from voicegraph.graph.registry import Registry
from voicegraph.graph.report import Report
from voicegraph.graph.sources import Sources

PROCESSORS = dict(Registry().catalogue)


def example_of(processor: type[Processor]) -> str:
    """The indented part of the docstring."""
    lines = inspect.cleandoc(processor.__doc__ or "").splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    ")))


def options_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Every option and what is said of it, those of nested settings included."""
    for name, field in model.model_fields.items():
        nested = [part for part in parts(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        yield name, field.description or next(((part.__doc__ or "") for part in nested), "")
        for part in nested:
            yield from ((f"{name}.{inside}", said) for inside, said in options_of(part))


@pytest.mark.parametrize("name", PROCESSORS)
def test_the_example_of_a_processor_is_a_node_that_works(name: str) -> None:
    report = Report()
    document = parse(Path("example.yaml"), example_of(PROCESSORS[name]), report)
    assert document is not None, f"no example, or no YAML: {report.mistakes}"
    (entry,) = document.root.entries.values()
    if isinstance(entry.value, Fields):
        use = entry.value.entries["use"].value
        check_options(entry.key, entry.position, entry.value.entries, PROCESSORS[name].contract.settings, Reader({}, report, Sources()), report)
    else:
        use = entry.value
    assert isinstance(use, Scalar)
    assert use.text == name
    assert report.mistakes == []


@pytest.mark.parametrize("name", PROCESSORS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    assert [option for option, said in options_of(PROCESSORS[name].contract.settings) if not said] == []
