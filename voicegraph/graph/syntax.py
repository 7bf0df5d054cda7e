"""What the YAML parser stumbled over, in words that say what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.reader import ReaderError

Place = tuple[int, int, str]
"""Line and column, from 1, and a sentence."""

_REFERENCE = re.compile(r"\$\{[^}\n]*\}?")
_NO_COLON = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s+(?P<value>[{\[])")
_OPEN = {"flow mapping": ("{", "}"), "flow sequence": ("[", "]")}


def explain(problem: Exception, text: str, last: ScalarEvent | None) -> Place:
    """Where and what. `last` is the scalar that was read before."""
    if isinstance(problem, ReaderError):
        before = text[: problem.position]
        return before.count("\n") + 1, problem.position - before.rfind("\n"), f"a control character ({problem.character!r}) that YAML does not allow"
    if not isinstance(problem, MarkedYAMLError) or problem.problem_mark is None:
        line, column = (last.end_mark.line + 1, last.end_mark.column + 1) if last else (1, 1)
        what = "an escape in these double quotes stands for no character" if isinstance(problem, (OverflowError, ValueError)) else str(problem)
        return line, column, f"this is not YAML: {what}"
    stumble = _Stumble(problem, text, last)
    return next((place for read in _READINGS if (place := read(stumble)) is not None), stumble.anything_else())


class _Stumble:
    """One error of the parser, with the lines around it."""

    def __init__(self, problem: MarkedYAMLError, text: str, last: ScalarEvent | None) -> None:
        self.words = str(problem.problem or "")
        self.context = str(problem.context or "")
        self.line: int = problem.problem_mark.line
        self.column: int = problem.problem_mark.column
        self.from_line, self.from_column = self.line, self.column
        if problem.context_mark is not None:
            self.from_line, self.from_column = problem.context_mark.line, problem.context_mark.column
        self.lines: list[str] = [*text.splitlines(), ""]
        self.last = last

    def here(self, sentence: str, back: int = 0) -> Place:
        return self.line + 1, self.column + 1 - back, sentence

    def there(self, sentence: str) -> Place:
        return self.from_line + 1, self.from_column + 1, sentence

    @property
    def here_text(self) -> str:
        return self.lines[min(self.line, len(self.lines) - 1)]

    def anything_else(self) -> Place:
        return self.here(f"this is not YAML: {', '.join(filter(None, (self.context, self.words)))}")


def _unquoted_reference(stumble: _Stumble) -> Place | None:
    if "flow" not in stumble.context:
        return None
    start = stumble.here_text.rfind("${", 0, stumble.column + 1)
    found = _REFERENCE.match(stumble.here_text, start) if start >= 0 else None
    if found is None:
        return None
    return stumble.line + 1, start + 1, f'inside {{ }} put quotes around it: "{found[0]}" (YAML takes its brace for a mapping)'


def _tab(stumble: _Stumble) -> Place | None:
    return stumble.here("a tab: YAML indents with spaces") if "'\\t'" in stumble.words else None


def _bad_start(stumble: _Stumble) -> Place | None:
    found = re.search(r"found character '(.)' that cannot start", stumble.words)
    return stumble.here(f"a text that begins with {found[1]} needs quotes around it") if found else None


def _no_colon(stumble: _Stumble) -> Place | None:
    if "could not find expected ':'" in stumble.words:
        return stumble.there("a colon is missing on this line: write name: value")
    return None


def _colon_out_of_place(stumble: _Stumble) -> Place | None:
    if "mapping values are not allowed" not in stumble.words:
        return None
    if found := _NO_COLON.match(stumble.here_text):
        return stumble.line + 1, found.start("name") + 1, f"a colon is missing after '{found['name']}': write {found['name']}: {found['value']}…"
    last = stumble.last
    if last is None or last.start_mark.line == stumble.line:
        return stumble.here("a second ': ' on one line: put quotes around the text that contains it")
    start = last.start_mark
    if not stumble.lines[start.line][: start.column].strip():
        return start.line + 1, start.column + 1, "a colon is missing on this line: write name: value"
    indent = len(stumble.here_text) - len(stumble.here_text.lstrip())
    return stumble.line + 1, indent + 1, "this line is indented further than the one above, which has a value already: give both the same indentation"


def _never_closed(stumble: _Stumble) -> Place | None:
    if "quoted scalar" in stumble.context and "unexpected end" in stumble.words:
        return stumble.there("this quote is never closed")
    if "flow node" in stumble.context and "stream end" in stumble.words:
        return stumble.there("a [ or { is never closed")
    found = re.search(r"flow (mapping|sequence)", stumble.context)
    if found is None:
        return None
    opening, closing = _OPEN[found[0]]
    if "stream end" in stumble.words or stumble.line != stumble.from_line:
        return stumble.there(f"this {opening} is never closed by a {closing}")
    return stumble.here(f"inside {opening} {closing} a comma stands between entries, and a text with , : {{ }} [ ] in it needs quotes")


def _escape(stumble: _Stumble) -> Place | None:
    if "escape" in stumble.words or "escape" in stumble.context:
        return stumble.here(r"a backslash in double quotes begins an escape such as \n: write \\, or use single quotes", back=1)
    return None


def _stray(stumble: _Stumble) -> Place | None:
    if "but found '}'" in stumble.words or "but found ']'" in stumble.words:
        return stumble.here("nothing is open that this would close")
    if "<block end>, but found '<scalar>'" in stumble.words:
        return stumble.here("text after the closing quote: put all of it inside the quotes")
    if "sequence entries are not allowed" in stumble.words:
        return stumble.here("a list's '- ' begins on a line of its own")
    return None


def _indentation(stumble: _Stumble) -> Place | None:
    if "<block end>" in stumble.words:
        return stumble.here("this line is indented differently from the lines that it belongs to")
    return None


def _first_column(stumble: _Stumble) -> Place | None:
    if "<document start>" in stumble.words:
        return stumble.here("what stands at the top level begins in the first column, here and above")
    return None


def _nothing_there(stumble: _Stumble) -> Place | None:
    found = re.search(r"expected the node content, but found '(.)'", stumble.words)
    return stumble.here(f"a value is missing before this {found[1]}, or the text needs quotes") if found else None


def _block_text(stumble: _Stumble) -> Place | None:
    if "block scalar" in stumble.context:
        return stumble.there("after | or > the text begins on the next line; a text that begins with them needs quotes")
    return None


def _anchor(stumble: _Stumble) -> Place | None:
    if stumble.context.endswith(("an anchor", "an alias")):
        return stumble.there("a text that begins with & or * needs quotes around it")
    return None


_READINGS: tuple[Callable[[_Stumble], Place | None], ...] = (
    _unquoted_reference,
    _tab,
    _bad_start,
    _no_colon,
    _colon_out_of_place,
    _never_closed,
    _escape,
    _stray,
    _indentation,
    _first_column,
    _nothing_there,
    _block_text,
    _anchor,
)
