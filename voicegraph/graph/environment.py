"""`${NAME}`, `${NAME:-default}` and `$$` in the values of a graph file.

Expanded after parsing, so what a variable holds can never change the file's structure, and kept out of every message:
those show the file's own text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PIECE = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}|(?P<broken>\$\{[^}]*\}?)")
_WHOLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class Expansion:
    """A text with its variables filled in. `unset` and `broken` are empty when that worked."""

    text: str
    variables: bool
    """Whether anything came from the environment, or would have."""
    unset: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def left_out(self) -> bool:
        """The variable is there and empty: the option counts as not written."""
        return self.variables and not self.text and not self.unset and not self.broken

    def problem(self) -> str | None:
        """What is wrong with it, as a sentence."""
        if self.broken:
            return f"'{self.broken[0]}' is not a variable: write ${{NAME}} or ${{NAME:-default}}, and $$ for a plain $ before a brace"
        if self.unset:
            return f"{self.unset[0]} is not set in the environment: set it, or give a default, ${{{self.unset[0]}:-…}}"
        return None


def expand(text: str, environ: Mapping[str, str]) -> Expansion:
    """Fill in the variables. As in a shell, `:-default` also stands in for an empty variable."""
    unset: list[str] = []
    broken: list[str] = []
    variables = False

    def fill(piece: re.Match[str]) -> str:
        nonlocal variables
        if piece[0] == "$$":
            return "$"
        variables = True
        if piece["broken"]:
            broken.append(piece["broken"])
            return ""
        value = environ.get(piece["name"])
        if piece["default"] is not None:
            return value or piece["default"]
        if value is None:
            unset.append(piece["name"])
        return value or ""

    expanded = _PIECE.sub(fill, text)
    return Expansion(expanded, variables, tuple(unset), tuple(broken))


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables, each once."""
    return tuple(dict.fromkeys(piece["name"] for piece in _PIECE.finditer(text) if piece["name"]))


def is_reference(text: str) -> bool:
    """Whether the text is one variable and nothing else: the only way to write a secret."""
    return _WHOLE.fullmatch(text) is not None
