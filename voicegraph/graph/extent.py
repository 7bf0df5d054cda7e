"""How far a mistake reaches: graph files are checked to the place where it begins, and an editor underlines to where it ends."""

from __future__ import annotations

import re

_WORD = re.compile(
    r"""
    "(?:[^"\\\n]|\\.)*"?            # a text in double quotes, perhaps never closed
    | '(?:[^'\n]|'')*'?             # in single quotes
    | (?:(?!:(?:\s|$)|\s\#|[,\[\]{}\n]).)+   # plain: up to a colon, a comment, or what ends it in a flow collection
    """,
    re.VERBOSE,
)


def extent(text: str, line: int, column: int) -> int:
    """The column after the last character of what stands at this place; lines and columns count from 1, in characters. Never less than `column` + 1,
    so that there is something to underline also at the end of a line."""
    lines = text.splitlines()
    row = lines[line - 1] if 0 < line <= len(lines) else ""
    found = _WORD.match(row, column - 1) if column <= len(row) else None
    return max(column + 1, column + len(found[0].rstrip()) if found else 0)
