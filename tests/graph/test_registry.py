from __future__ import annotations

import sys
import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from voicegraph.frames import Playback, ReplyText, Transcript, Turn
from voicegraph.graph.processor import Processor
from voicegraph.graph.registry import NotFound, Registry

if TYPE_CHECKING:
    from tests.graph.conftest import Edit, Mistakes

SOURCE = """\
from __future__ import annotations
from dataclasses import dataclass
from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings

class LoudSettings(Settings):
    by: int = 1

@dataclass
class Note:
    text: str

class Loud(Processor):
    settings: LoudSettings
    words = In(ReplyText)
    loud = Out(ReplyText)

    def on_words(self, text: ReplyText) -> None:
        self.loud.send(text)
"""


def test_a_bare_name_is_the_class_of_the_module_of_that_name(toys: Registry, tmp_path: Path) -> None:
    assert toys.find("voxtral_stt", tmp_path).__name__ == "VoxtralStt"


def test_a_bare_name_is_never_a_local_file(toys: Registry, tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(SOURCE)
    with pytest.raises(NotFound, match="no processor is called 'loud'"):
        toys.find("loud", tmp_path)


def test_a_file_beside_the_graph_gives_its_class(toys: Registry, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    loud = toys.find("./mine.py:Loud", tmp_path)
    assert issubclass(loud, Processor)
    assert loud.contract.settings.model_fields.keys() == {"by"}


def test_a_file_is_loaded_once_for_its_content_and_anew_when_it_changes(toys: Registry, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    first = toys.find("./mine.py:Loud", tmp_path)
    assert toys.find("mine.py:Loud", tmp_path) is first
    path.write_text(SOURCE.replace("by: int = 1", "by: int = 2"))
    second = toys.find("./mine.py:Loud", tmp_path)
    assert (first.contract.settings().model_dump(), second.contract.settings().model_dump()) == ({"by": 1}, {"by": 2})


def test_two_threads_that_load_a_file_at_once_both_get_all_of_it(toys: Registry, tmp_path: Path) -> None:
    """The file itself starts the second one, in the middle of the first."""
    found: list[object] = []
    other = threading.Thread(target=lambda: found.append(Registry("toys").find("./mine.py:Loud", tmp_path)))
    sys.modules["the_other_thread"] = ModuleType("the_other_thread")
    vars(sys.modules["the_other_thread"])["other"] = other
    try:
        start = "from the_other_thread import other\nother.start()\nother.join(0.1)\n"
        (tmp_path / "mine.py").write_text(SOURCE.replace("class LoudSettings", f"{start}class LoudSettings"))
        loud = toys.find("./mine.py:Loud", tmp_path)
        other.join()
    finally:
        del sys.modules["the_other_thread"]
    assert found == [loud]


def test_a_file_that_fails_leaves_nothing_behind(toys: Registry, tmp_path: Path) -> None:
    before = set(sys.modules)
    (tmp_path / "mine.py").write_text("1 / 0\n")
    with pytest.raises(NotFound):
        toys.find("./mine.py:Loud", tmp_path)
    assert set(sys.modules) == before


def test_a_class_of_a_package_is_found(toys: Registry, tmp_path: Path) -> None:
    assert toys.find("toys.shout:Shout", tmp_path) is toys.find("shout", tmp_path)


def test_installed_packages_add_names(toys: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("louder", "toys.shout:Shout", "voicegraph.processors")
    monkeypatch.setattr("voicegraph.graph.registry.entry_points", lambda group: [point])
    assert toys.find("louder", tmp_path).__name__ == "Shout"
    assert toys.names[-1] == "louder"


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        ("webrtcvda", "no processor is called 'webrtcvda' (did you mean 'webrtcvad'?); one of your own is written ./file.py:Class"),
        ("WebRTCVAD", "no processor is called 'WebRTCVAD' (did you mean 'webrtcvad'?); one of your own is written ./file.py:Class"),
        ("voxtral-stt", "no processor is called 'voxtral-stt' (did you mean 'voxtral_stt'?); one of your own is written ./file.py:Class"),
        ("mine.py", "'mine.py' names a file without its class: write ./mine.py:Class"),
        ("./mine.py", "'./mine.py' names a file without its class: write ./mine.py:Class"),
        ("web rtc", "'web rtc' is not the name of a processor"),
        ("toys.shout:Whisper", "toys.shout has no class 'Whisper' (it has Shout)"),
        ("toys.shout:In", "'In' in toys.shout is not a Processor (it has Shout)"),
        ("no_such_package:Loud", "no_such_package cannot be imported: ModuleNotFoundError: No module named 'no_such_package'"),
        ("a b:Loud", "'a b' is neither a file (./file.py:Class) nor a module (package.module:Class)"),
    ],
)
def test_what_cannot_be_found_says_what_would_do(toys: Registry, tmp_path: Path, use: str, sentence: str) -> None:
    with pytest.raises(NotFound) as caught:
        toys.find(use, tmp_path)
    assert str(caught.value) == sentence


def test_a_name_with_nothing_like_it_lists_them_all(toys: Registry, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"'qqqqq'; there are dual_delay, echo, .* and webrtcvad; one of your own"):
        toys.find("qqqqq", tmp_path)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (None, "mine.py cannot be read: No such file or directory"),
        ("", "mine.py has no class 'Loud'"),
        ("Loud = 3\n", "'Loud' in mine.py is not a Processor"),
        (SOURCE.replace("class Loud(", "class Lowd("), "mine.py has no class 'Loud' (it has Lowd)"),
        ("x = 1\ny = 1 / 0\n", "mine.py cannot be loaded: ZeroDivisionError on line 2: division by zero"),
        ("x = = 1\n", "mine.py cannot be loaded: SyntaxError on line 1: invalid syntax"),
        ("raise SystemExit(3)\n", "mine.py cannot be loaded: SystemExit on line 1: 3"),
        ("import no_such_package\n", "mine.py cannot be loaded: ModuleNotFoundError on line 1: No module named 'no_such_package'"),
        (
            SOURCE.replace("def on_words", "def on_word"),
            "mine.py cannot be loaded: ContractError on line 15: Loud declares the input 'words' and has no method on_words",
        ),
    ],
)
def test_a_file_of_ones_own_fails_at_the_line_that_names_it(edit: Edit, mistakes: Mistakes, source: str | None, sentence: str) -> None:
    text = edit("  tts: {", "  loud: {use: './mine.py:Loud'}\n  tts: {")
    assert (mistakes(text) if source is None else mistakes(text, mine_py=source)) == [f"call.yaml:11:15: {sentence}"]


def test_suggestions_are_made_by_kind(toys: Registry) -> None:
    assert toys.giving(Turn) == ["interruption"]
    assert toys.giving(Playback) == ["jitter_buffer"]
    assert toys.taking(ReplyText) == ["espeak_tts", "voxtral_tts"]
    assert toys.between(Transcript, Turn) == ["interruption"]
