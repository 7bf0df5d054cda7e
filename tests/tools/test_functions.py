from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from voicegraph.errors import ToolFailed
from voicegraph.tools.functions import ToolThreads, about_of, as_text, call, parameters_of


class Table(BaseModel):
    people: int
    outside: bool = False


def weather(town: Annotated[str, Field(description="where")], unit: Literal["C", "F"] = "C") -> str:
    """What the weather is like."""
    return f"{town}: 20 {unit}"


async def book(table: Table) -> dict[str, Any]:
    return {"booked": table.people, "outside": table.outside}


@pytest.fixture
async def threads() -> AsyncIterator[ToolThreads]:
    threads = ToolThreads()
    yield threads
    await threads.close()


def test_what_a_function_takes_comes_from_its_signature() -> None:
    schema = parameters_of(weather)
    assert schema["required"] == ["town"]
    assert schema["properties"]["town"] == {"description": "where", "title": "Town", "type": "string"}
    assert schema["properties"]["unit"]["enum"] == ["C", "F"]
    assert not schema["additionalProperties"]
    assert about_of(weather) == "What the weather is like."


def bare(town) -> None: ...  # type: ignore[no-untyped-def]
def many(*towns: str) -> None: ...
def strange(loop: threading.Thread) -> None: ...
def misspelt(town: Tovn) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (bare, "'town' of bare has no type: annotate it, such as town: str"),
        (many, "many takes '*towns': a model gives each argument by its name"),
        (strange, "strange takes something that has no JSON form"),
        (misspelt, "the annotations of misspelt cannot be read: name 'Tovn' is not defined"),
    ],
)
def test_a_signature_that_says_too_little_is_refused(function: Callable[..., Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parameters_of(function)
    assert str(refused.value).startswith(sentence)


async def test_arguments_are_read_as_the_signature_says(threads: ToolThreads) -> None:
    assert await call(weather, {"town": "Paris"}, threads.pool) == "Paris: 20 C"
    assert await call(book, {"table": {"people": "2"}}, threads.pool) == '{"booked":2,"outside":false}'


async def test_wrong_arguments_are_told_so_that_they_can_be_mended(threads: ToolThreads) -> None:
    with pytest.raises(ToolFailed, match=r"Wrong arguments: town: Field required; unit: Input should be 'C' or 'F'; zip: Extra inputs"):
        await call(weather, {"unit": "K", "zip": 1}, threads.pool)


async def test_a_function_that_may_block_runs_in_a_thread_of_its_own(threads: ToolThreads) -> None:
    def where() -> str:
        return threading.current_thread().name

    assert (await call(where, {}, threads.pool)).startswith("tool")


@pytest.mark.parametrize(
    ("result", "text"), [("as it is", "as it is"), (None, "Done."), ({"a": [1]}, '{"a":[1]}'), (Table(people=1), '{"people":1,"outside":false}')]
)
def test_results_become_text(result: object, text: str) -> None:
    assert as_text(result) == text


def test_a_result_without_a_json_form_is_told() -> None:
    with pytest.raises(ToolFailed, match="no JSON form"):
        as_text(object())
