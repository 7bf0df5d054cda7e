"""What a graph may let clients set, and what it may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import AnyUrl

from voicegraph.errors import GraphError
from voicegraph.graph.load import load
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Function, LanguageCode, Secret, Settings
from voicegraph.processors._files import CallPath
from voicegraph.tools.http import WebAddress

if TYPE_CHECKING:
    from tests.graph.conftest import Edit, Load, Mistakes

FORMS = "a list, {min: …, max: …}, {max_length: …}, {pattern: …} or any"
BELONGS = "secrets, models, tools, files, addresses and what takes anything are the graph's alone"


@pytest.mark.parametrize(
    ("allow", "mistake"),
    [
        ("tts.voice: [a, 3]", "3:18: 'tts.voice' does not take 3"),
        ("floor.preset: [eager, slow]", "3:25: 'floor.preset' does not take 'slow'"),
        ("agent.temperature: {minimum: 0}", "3:22: minimum is none of min, max, max_length or pattern"),
        ("agent.temperature: {min: low}", "3:28: min: takes a number, with its unit where the option has one"),
        ("tts.voice: {max_length: 0}", "3:27: max_length: takes a whole number above 0"),
        ("tts.voice: {pattern: '['}", "3:24: pattern: takes a regular expression"),
        ("agent.temperature: {}", f"3:22: this is empty: write {FORMS}"),
        ("agent.temperature: 1", f"3:22: what a client may set is {FORMS}"),
        ("agent.model: any", f"3:3: 'agent.model' is not for clients: {BELONGS}"),
        ("stt.api_key: any", f"3:3: 'stt.api_key' is not for clients: {BELONGS}"),
        ("agent.base_url: any", f"3:3: 'agent.base_url' is not for clients: {BELONGS}"),
        ("agnt.temperature: any", "3:3: no node 'agnt' (did you mean 'agent'?)"),
        ("agent.temprature: any", "3:3: 'agent' has no option 'temprature' (did you mean 'temperature'?)"),
        ("agent: any", "3:3: 'agent' is not node.option"),
    ],
)
def test_a_wrong_allowance_says_why(edit: Edit, mistakes: Mistakes, allow: str, mistake: str) -> None:
    assert mistakes(edit("nodes:\n", f"allow:\n  {allow}\nnodes:\n")) == [f"call.yaml:{mistake}"]


def test_allowances_are_kept_as_written(edit: Edit, load_text: Load) -> None:
    spec = load_text(edit("nodes:\n", "allow: {floor.preset: [eager, patient], agent.temperature: {min: 0, max: 1}, tts.voice: any}\nnodes:\n"))
    assert spec.allow == {"floor.preset": ["eager", "patient"], "agent.temperature": {"min": 0, "max": 1}, "tts.voice": "any"}


Told = Callable[[str], list[str]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Mistakes of a graph that extends a shipped one, or voxtral."""

    def told(text: str, base: str = "voxtral") -> list[str]:
        path = tmp_path / "mine.yaml"
        path.write_text(f"extends: {base}\n{text}")
        try:
            load(path, {})
        except GraphError as problem:
            return [str(mistake).removeprefix(f"{path}:") for mistake in problem.mistakes]
        return []

    return told


@pytest.mark.parametrize(
    ("allow", "mistake"),
    [
        ("tts.ref_audio: any", f"4:3: 'tts.ref_audio' is not for clients: {BELONGS}"),
        ("agent.tools.weather.timeout: any", f"4:3: 'agent.tools.weather.timeout' is not for clients: {BELONGS}"),
        ("stt.turn_detection.end_threshold: {min: low}", "4:43: min: takes a number, with its unit where the option has one"),
        ("stt.turn_detection.end_threshold: [0.3, 3]", "4:43: 'stt.turn_detection.end_threshold' does not take 3"),
        ("stt.turn_detection.end_treshold: any", "4:3: 'stt.turn_detection' has no option 'end_treshold' (did you mean 'end_threshold'?)"),
        ("agent.guardrails.pi: any", "4:3: 'agent.guardrails' has no option 'pi' (did you mean 'pii'?)"),
        ("agent.temperature.min: 0", "4:3: 'agent.temperature' has no option 'min'"),
        ("agent.instructions.en: any", "4:3: 'agent.instructions.en' stands in nothing: this graph has one value for 'agent.instructions'"),
    ],
)
def test_a_wrong_allowance_of_what_stands_in_an_option_says_why(allow: str, mistake: str, told: Told) -> None:
    assert told(f"about: x\nallow:\n  {allow}\n") == [mistake]


class Inner(Settings):
    depth: int = 1
    """How deep."""
    report: Path | None = None
    """A file."""


class OpenSettings(Settings):
    """Options by whose names nobody can tell what they hold."""

    voices: tuple[Path, ...] = ()
    page: WebAddress = "https://example.com"
    token: Mapping[str, Secret] = {}
    hook: Function | None = None
    more: Mapping[str, Any] = {}
    rest: tuple[Any, ...] = ()
    inner: Inner = Inner()
    target: CallPath = "{session}.txt"
    site: AnyUrl | None = None
    words: Mapping[LanguageCode, tuple[str, ...]] = {}


class Open(Processor):
    settings: OpenSettings


@pytest.mark.parametrize(
    ("option", "may"),
    [
        *[(name, False) for name in ("voices", "page", "token", "hook", "more", "rest", "inner", "inner.report", "target", "site")],
        *[(name, True) for name in ("inner.depth", "words", "words.en", "words.id")],
    ],
)
def test_files_addresses_secrets_functions_and_what_takes_anything_are_not_for_clients_whatever_their_name(
    option: str, may: bool, told: Told
) -> None:
    text = f"nodes:\n  open: {{use: '{__name__}:Open'}}\nallow:\n  open.{option}: any\n"
    assert told(text) == ([] if may else [f"5:3: 'open.{option}' is not for clients: {BELONGS}"])
