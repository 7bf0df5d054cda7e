from __future__ import annotations

import pytest

from voicegraph.graph.environment import expand, is_reference, variables_in

ENVIRON = {"NAME": "Jane", "EMPTY": "", "ODD": "${NAME} $$"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("plain", "plain"),
        ("${NAME}", "Jane"),
        ("I am ${NAME}.", "I am Jane."),
        ("${GONE:-Joe}", "Joe"),
        ("${EMPTY:-Joe}", "Joe"),
        ("${GONE:-}", ""),
        ("$${NAME}", "${NAME}"),
        ("5$ or $NAME", "5$ or $NAME"),
        ("${ODD}", "${NAME} $$"),
    ],
)
def test_variables_are_filled_in_once(written: str, text: str) -> None:
    assert expand(written, ENVIRON).text == text


def test_an_unset_variable_is_named() -> None:
    assert expand("${GONE}", ENVIRON).problem() == "GONE is not set in the environment: set it, or give a default, ${GONE:-…}"


@pytest.mark.parametrize("written", ["${1ST}", "${NAME:?}", "${NA ME}", "${NAME", "${A:-${B}}"])
def test_what_is_no_variable_is_said(written: str) -> None:
    problem = expand(written, ENVIRON).problem()
    assert problem is not None
    assert "is not a variable: write ${NAME} or ${NAME:-default}, and $$ for a plain $" in problem


def test_only_an_empty_variable_leaves_an_option_out() -> None:
    assert expand("${EMPTY}", ENVIRON).left_out
    assert not expand("", ENVIRON).left_out
    assert not expand("${GONE}", ENVIRON).left_out
    assert not expand("${NAME}", ENVIRON).left_out


def test_a_secret_is_one_variable_and_nothing_else() -> None:
    assert is_reference("${KEY}")
    assert not is_reference("${KEY:-abc}")
    assert not is_reference("Bearer ${KEY}")


@pytest.mark.parametrize(
    ("written", "names"),
    [("plain", ()), ("${A} and ${B:-b}, ${A}", ("A", "B")), ("$${A}", ()), ("$$${A}", ("A",)), ("${A", ())],
)
def test_variables_are_found_where_they_are_filled_in(written: str, names: tuple[str, ...]) -> None:
    assert variables_in(written) == names
