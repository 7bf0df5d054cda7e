from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.graph.document import Document, Fields, parse, read
from voicegraph.graph.report import Report
from voicegraph.graph.sources import Sources


def parsed(text: str) -> Fields:
    report = Report()
    document = parse(Path("call.yaml"), text, report)
    assert document is not None, report.mistakes
    return document.root


def stumbles(text: str) -> list[str]:
    report = Report()
    document = parse(Path("call.yaml"), text, report)
    assert document is None
    return [str(mistake) for mistake in report.mistakes]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("0o14", 12),
        ("0x1F", 31),
        ("012", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("null", None),
        ("", None),
        ("[a, 1]", ["a", 1]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
        (">-\n  a\n  b", "a b"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert parsed(f"key: {text}\n").entries["key"].value.written() == value


def test_keys_and_values_know_their_place() -> None:
    entry = parsed("a: 1\nnodes:\n  vad: {mode: 2}\n").entries["nodes"].value
    assert isinstance(entry, Fields)
    vad = entry.entries["vad"]
    assert isinstance(vad.value, Fields)
    mode = vad.value.entries["mode"]
    assert [(at.line, at.column) for at in (vad.position, mode.position, mode.value.position)] == [(3, 3), (3, 9), (3, 15)]


def test_an_alias_is_the_value_it_names() -> None:
    assert parsed("a: &x {b: 1}\nc: *x\n").written() == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "1:1: the file is empty: begin with about: and nodes:"),
        ("# only a comment\n", "1:1: the file is empty: begin with about: and nodes:"),
        ("- a\n- b\n", "1:1: a graph is a mapping: begin with about: and nodes:"),
        ("hello", "1:1: a graph is a mapping: begin with about: and nodes:"),
        ("nodes:\n\tvad: x\n", "2:1: a tab: YAML indents with spaces"),
        ("nodes:\n  vad x\n  stt: y\n", "2:3: a colon is missing on this line: write name: value"),
        ("nodes:\n  vad {use: x, mode: 2}\n", "2:3: a colon is missing after 'vad': write vad: {…"),
        ("nodes:\n  a: 1\n  vad\n", "3:3: a colon is missing on this line: write name: value"),
        ("about: Talk: and listen\n", "1:12: a second ': ' on one line: put quotes around the text that contains it"),
        (
            "nodes:\n  vad: {use: x, voice: ${VOICE:-jane}}\n",
            '2:24: inside { } put quotes around it: "${VOICE:-jane}" (YAML takes its brace for a mapping)',
        ),
        ("nodes:\n  vad: {use: x\n  stt: y\n", "2:8: this { is never closed by a }"),
        ("nodes:\n  vad: [a, b\n", "2:8: this [ is never closed by a ]"),
        ("nodes: [", "1:9: a [ or { is never closed"),
        ("a: {b: c d: e}\n", "1:11: inside { } a comma stands between entries, and a text with , : { } [ ] in it needs quotes"),
        ("about: 'Talk\n", "1:8: this quote is never closed"),
        ("about: 'it' now\n", "1:13: text after the closing quote: put all of it inside the quotes"),
        ('about: "\\q"\n', "1:9: a backslash in double quotes begins an escape such as \\n: write \\\\, or use single quotes"),
        ("about: @home\n", "1:8: a text that begins with @ needs quotes around it"),
        ("about: `home`\n", "1:8: a text that begins with ` needs quotes around it"),
        ("about: 100%\nx: %y\n", "2:4: a text that begins with % needs quotes around it"),
        ("about: *\n", "1:8: a text that begins with & or * needs quotes around it"),
        ("about: *home\n", "1:8: nothing above is marked &home; put quotes around a text that begins with *"),
        ("about: !!str home\n", "1:8: '!!str' is a tag, and graph files have none: the option decides how its value is read"),
        ("a: }\n", "1:4: nothing is open that this would close"),
        ("  a: 1\nb: 2\n", "2:1: what stands at the top level begins in the first column, here and above"),
        ("a: [, b]\n", "1:5: a value is missing before this ,, or the text needs quotes"),
        ("a: |b\n", "1:4: after | or > the text begins on the next line; a text that begins with them needs quotes"),
        ("a: - b\n", "1:4: a list's '- ' begins on a line of its own"),
        (
            "nodes:\n  a: 1\n   b: 2\n",
            "3:4: this line is indented further than the one above, which has a value already: give both the same indentation",
        ),
        ("nodes:\n  a: 1\n b: 2\n", "3:2: this line is indented differently from the lines that it belongs to"),
        ("a: 1\nb: 2\na: 3\n", "3:1: 'a' stands here twice (first on line 1): keep one of them"),
        ("? [a]\n: b\n", "1:3: a key must be a text here"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here: one graph per file"),
        ("a: \x07", "1:4: a control character (7) that YAML does not allow"),
        ('"\\U99999999": 1\n', "1:1: this is not YAML: an escape in these double quotes stands for no character"),
        ("a: " + "[" * 60 + "]" * 60, "1:2: this is not YAML: nested more than 40 levels deep"),
    ],
)
def test_a_stumble_says_where_and_what_to_do(text: str, mistake: str) -> None:
    assert stumbles(text) == [f"call.yaml:{mistake}"]


def test_every_duplicate_is_told_at_once() -> None:
    assert stumbles("a: 1\na: 2\nb: {c: 1, c: 2}\n") == [
        "call.yaml:2:1: 'a' stands here twice (first on line 1): keep one of them",
        "call.yaml:3:11: 'c' stands here twice (first on line 3): keep one of them",
    ]


def test_aliases_of_aliases_do_not_explode() -> None:
    bomb = "a0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(f"a{n + 1}: &x{n + 1} [{', '.join([f'*x{n}'] * 9)}]\n" for n in range(9))
    assert stumbles(bomb)[0].endswith("this is not YAML: aliases repeat more than a graph can need")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    report = Report()
    assert read(tmp_path / "no.yaml", report, Sources()) is None
    assert str(report.mistakes[0]) == f"{tmp_path}/no.yaml:1:1: this file cannot be read: No such file or directory"


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path, report = tmp_path / "latin.yaml", Report()
    path.write_bytes(b"about: x\nnodes: caf\xe9\n")
    assert read(path, report, Sources()) is None
    assert str(report.mistakes[0]) == f"{path}:2:1: this line is not UTF-8: save the file as UTF-8"


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfabout: x\r\nnodes: {}\r\n")
    document = read(path, Report(), Sources())
    assert isinstance(document, Document)
    assert document.root.written() == {"about": "x", "nodes": {}}
