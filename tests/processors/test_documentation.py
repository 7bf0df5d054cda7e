"""What every processor says of itself: an example that works, and a word on each of its options."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from voicegraph.errors import GraphError
from voicegraph.graph.load import load
from voicegraph.graph.processor import Processor
from voicegraph.graph.reading import parts
from voicegraph.graph.registry import Registry
from voicegraph.graph.shipped import names

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
def test_the_example_of_a_processor_is_a_node_that_works(name: str, tmp_path: Path) -> None:
    """In a graph: `after`, `before` and `from` mean something only there."""
    example, said = example_of(PROCESSORS[name]), list[str]()
    node = example.partition(":")[0]
    for base in names():
        file = tmp_path / f"{base}.yaml"
        file.write_text(f"extends: {base}\nnodes:\n{textwrap.indent(example, '  ')}\n")
        try:
            graph = load(file, {})
        except GraphError as problem:
            said.append(str(problem))
        else:
            assert graph.node(node).use == name
            return
    pytest.fail("\n".join(["It works in none of the graphs that are shipped.", *said]))


@pytest.mark.parametrize("name", PROCESSORS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    assert [option for option, said in options_of(PROCESSORS[name].contract.settings) if not said] == []
