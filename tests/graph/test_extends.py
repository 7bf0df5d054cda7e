from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.graph.conftest import Load, Mistakes

HEAD = "extends: ./base.yaml\nnodes:\n"


def names(load_text: Load, nodes: str) -> list[str]:
    return [node.name for node in load_text(HEAD + nodes).nodes]


def test_a_file_may_only_extend(load_text: Load) -> None:
    spec = load_text("extends: ./base.yaml\n")
    assert spec.name == "call"
    assert spec.about == "Talk, and be talked to."
    assert spec.files == (Path("call.yaml"), Path("base.yaml"))


def test_about_is_replaced(load_text: Load) -> None:
    assert load_text("about: Mine.\nextends: ./base.yaml\n").about == "Mine."


def test_options_merge_and_values_replace(load_text: Load) -> None:
    spec = load_text(HEAD + "  floor: {listening: {silence: 1s}}\n  stt: {context_bias: [a]}\n", base_yaml=BIASED)
    assert spec.node("floor").written == {"preset": "balanced", "listening": {"speculations": 3, "silence": "1s"}}
    assert spec.node("stt").written == {"context_bias": ["a"]}


BIASED = """\
nodes:
  caller: webrtc_in
  stt: {use: voxtral_stt, context_bias: [x, y]}
  floor: {use: interruption, preset: balanced, listening: {silence: 2s, speculations: 3}}
  agent: {use: mistral_agent, model: m}
  tts: {use: voxtral_tts, voice: v}
  jitter: jitter_buffer
  speaker: webrtc_out
"""


def test_another_use_keeps_only_the_place(load_text: Load) -> None:
    spec = load_text(HEAD + "  agent: {use: mistral_agent, stream: no}\n  tts: {use: './mine.py:Mine'}\n", mine_py=MINE)
    assert spec.node("agent").written == {"model": "mistral-small-latest", "stream": "no"}
    assert spec.node("tts").written == {}
    assert [node.name for node in spec.nodes].index("tts") == 6


MINE = """\
from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Mine(Processor):
    text = In(ReplyText)
    audio = Out(ReplyAudio, rate=24000)
    def on_text(self, text): ...
"""


def test_python_files_are_among_those_to_watch(load_text: Load) -> None:
    spec = load_text(HEAD + "  tts: {use: './mine.py:Mine'}\n", mine_py=MINE)
    assert spec.files == (Path("call.yaml"), Path("base.yaml"), Path("mine.py"))


def test_null_removes(load_text: Load) -> None:
    assert "vad" not in names(load_text, "  vad: null\n")


ALLOWING = """\
extends: ./base.yaml
allow: {vad.mode: any, tts.voice: any}
"""


@pytest.mark.parametrize(
    ("nodes", "allowed"),
    [
        ("  vad: {mode: 3}\n", ["vad.mode", "tts.voice"]),
        ("  vad: null\n", ["tts.voice"]),
        ("  tts: {use: espeak_tts}\n  up: {use: resampler, rate: 24000, after: tts}\n", ["vad.mode"]),
        ("  tts: {use: espeak_tts}\n  up: {use: resampler, rate: 24000, after: tts}\nallow: {tts.speed: any}\n", ["vad.mode", "tts.speed"]),
        ("  vad: {mode: 3}\nallow: {vad.mode: {min: 2}}\n", ["vad.mode", "tts.voice"]),
    ],
)
def test_what_the_base_allows_lapses_with_its_node(load_text: Load, tmp_path: Path, nodes: str, allowed: list[str]) -> None:
    (tmp_path / "allowing.yaml").write_text(ALLOWING)
    assert list(load_text("extends: ./allowing.yaml\nnodes:\n" + nodes).allow) == allowed


def test_allow_may_stand_above_the_nodes_that_it_is_about(load_text: Load) -> None:
    nodes = "nodes:\n  tts: {use: espeak_tts}\n  up: {use: resampler, rate: 24000, after: tts}\n"
    assert list(load_text("extends: ./base.yaml\nallow: {tts.speed: any}\n" + nodes).allow) == ["tts.speed"]


@pytest.mark.parametrize("where", ["after: agent", "before: tts"])
def test_a_new_node_goes_where_it_says(load_text: Load, where: str) -> None:
    assert names(load_text, f"  loud: {{use: shout, {where}}}\n")[5:8] == ["agent", "loud", "tts"]


def test_a_new_node_goes_to_the_end_by_default(load_text: Load) -> None:
    assert names(load_text, "  record: recorder\n")[-1] == "record"


def test_new_nodes_may_follow_each_other(load_text: Load) -> None:
    order = names(load_text, "  one: {use: shout, after: agent}\n  two: {use: shout, after: one}\n")
    assert order[5:9] == ["agent", "one", "two", "tts"]


def test_bases_may_have_bases_in_other_folders(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "middle.yaml").write_text("extends: ../base.yaml\nnodes:\n  vad: {mode: 3}\n")
    spec = load_text("extends: ./deep/middle.yaml\nnodes:\n  record: recorder\n")
    assert spec.files == (Path("call.yaml"), Path("deep/middle.yaml"), Path("deep/../base.yaml"))
    assert spec.node("vad").written == {"mode": 3}


def test_the_base_may_come_from_the_environment(load_text: Load) -> None:
    assert load_text('extends: "${BASE:-./base.yaml}"\n').files[1] == Path("base.yaml")


KEEPS = "'tts' is a node of base and keeps its place: after: is for new nodes; remove it and add one under another name"
GOOD_RATES = "8000, 12000, 16000, 24000 or 48000 Hz"


@pytest.mark.parametrize(
    ("nodes", "mistake"),
    [
        ("  ttts: {voice: x}\n", "3:3: no node 'ttts' in base to change (did you mean 'tts'?); a new one needs use:"),
        ("  ttts: null\n", "3:3: no node 'ttts' in base to remove (did you mean 'tts'?)"),
        ("  tts: {voice: x, after: stt}\n", f"3:19: {KEEPS}"),
        ("  loud: {use: shout, after: agnt}\n", "3:29: after: no node 'agnt' so far (did you mean 'agent'?)"),
        ("  one: {use: shout, after: two}\n  two: {use: shout, after: agent}\n", "3:28: after: no node 'two' so far"),
        ("  loud: {use: shout, after: agent, before: tts}\n", "3:36: 'loud' says after: and before:, and one of them is enough"),
        ("  loud: {use: shout, after: [agent]}\n", "3:29: after: takes the name of one node"),
        (
            "  loud: shout\n",
            "3:3: nobody hears 'loud.loud': these words would never be spoken. It stands at the end, below 'tts': add after: agent",
        ),
        ("  floor: null\n", "3:3: 'agent' needs Turn, and nothing above gives it (interruption would) ('agent' is at base.yaml:8)"),
        (
            "  tts: espeak_tts\n",
            f"3:3: 'jitter' takes {GOOD_RATES}; 'tts.audio' gives 22050: "
            "put a resampler between them, {use: resampler, rate: 24000} ('jitter' is at base.yaml:12)",
        ),
        (
            "  slow: {use: voxtral_stt, after: stt}\n",
            "3:3: 'floor.words' could take stt or slow: say which, from: {words: stt} ('floor' is at base.yaml:7)",
        ),
        ("  stt: {target_streaming_delay: 3}\n", "3:33: 'stt.target_streaming_delay': a duration needs its unit: write 3ms or 3s"),
    ],
)
def test_a_mistake_is_told_at_the_line_that_its_reader_can_mend(mistakes: Mistakes, nodes: str, mistake: str) -> None:
    assert mistakes(HEAD + nodes) == [f"call.yaml:{mistake}"]


def test_taking_away_what_the_base_names_is_told_where_it_is_taken_away(mistakes: Mistakes, call: str) -> None:
    base = call.replace("{use: interruption,", "{from: {words: stt}, use: interruption,")
    assert mistakes(HEAD + "  stt: null\n", base_yaml=base) == [
        "call.yaml:3:3: 'stt' is removed here, and 'floor' takes from it (base.yaml:7): give 'floor' another from:"
    ]


def test_the_bases_own_mistakes_are_told_in_the_base(mistakes: Mistakes, call: str) -> None:
    assert mistakes(HEAD + "  loud: shout\n", base_yaml=call.replace("mode: 2", "mode: two")) == [
        "base.yaml:5:31: 'vad.mode' wants a whole number, not 'two'"
    ]
    assert mistakes(HEAD + "  loud: shout\n", base_yaml="nodes: [") == ["base.yaml:1:9: a [ or { is never closed"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("extends: ./gone.yaml\n", "1:10: there is no file gone.yaml"),
        (
            "extends: voxtrall\n",
            "1:10: no shipped graph is called 'voxtrall' (did you mean 'voxtral'?); a file of your own is written ./voxtrall.yaml",
        ),
        ("extends: [base.yaml, b.yaml]\n", "1:10: extends takes one graph: the name of a shipped one, or a file such as ./base.yaml"),
        ("extends: ''\n", "1:10: extends takes one graph: the name of a shipped one, or a file such as ./base.yaml"),
        ("extends:\n", "1:1: extends takes one graph: the name of a shipped one, or a file such as ./base.yaml"),
        ('extends: "${GONE}"\n', "1:10: GONE is not set in the environment: set it, or give a default, ${GONE:-…}"),
        ('extends: "${WHERE}"\n', "1:10: there is no graph where ${WHERE} points"),
        ("extends: ./call.yaml\n", "1:10: extends goes round in a circle: call.yaml → call.yaml"),
    ],
)
def test_a_base_that_cannot_be_had_is_told_at_its_name(mistakes: Mistakes, text: str, mistake: str) -> None:
    assert mistakes(text, {"WHERE": "./gone.yaml"}) == [f"call.yaml:{mistake}"]


def test_a_circle_is_told_where_it_closes(mistakes: Mistakes) -> None:
    assert mistakes("extends: ./b.yaml\n", b_yaml="extends: ./call.yaml\n") == [
        "b.yaml:1:10: extends goes round in a circle: call.yaml → b.yaml → call.yaml"
    ]


def test_a_misspelt_extends_is_all_that_is_told(mistakes: Mistakes) -> None:
    assert mistakes("extend: ./base.yaml\nnodes:\n  stt: {language: fr}\n") == [
        "call.yaml:1:1: 'extend' is none of about, extends, nodes, allow or format (did you mean 'extends'?)"
    ]


NODES = "nodes is a mapping: a name and a processor on each line, in the order in which the call flows"
NAME = "is not a name: small letters, digits and _, a letter first; call the node something else"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("  vad:", "  Vad:", f"5:3: 'Vad' {NAME}"),
        ("  vad:", "  2vad:", f"5:3: '2vad' {NAME}"),
        ("  vad:", "  my-vad:", f"5:3: 'my-vad' {NAME}"),
        ("  vad:", "  '':", f"5:3: '' {NAME}"),
        ("  vad:", "  none:", "5:3: 'none' means no source in from:; call the node something else"),
        ("  vad: {use: webrtcvad, mode: 2}", "  vad:", "5:3: 'vad' needs a processor: vad: webrtc_in, or vad: {use: …}"),
        ("  vad: {use: webrtcvad, mode: 2}", "  vad: [webrtcvad]", "5:8: 'vad' is a processor's name or a mapping, not a list"),
        ("use: webrtcvad", "uses: webrtcvad", "5:3: 'vad' needs use: and the name of a processor, not uses:"),
        ("use: webrtcvad", "use: 3", "5:14: 'vad' needs use: and the name of a processor"),
        ("use: webrtcvad", 'use: "${GONE}"', "5:14: GONE is not set in the environment: set it, or give a default, ${GONE:-…}"),
        ("mode: 2", "mode: 2, after: stt", "5:34: after: is for files with extends:; here the order of the lines is the order of the call"),
        ("about:", "name: call\nabout:", "1:1: a graph is named by its file: leave name: out"),
        ("about:", "abuot:", "1:1: 'abuot' is none of about, extends, nodes, allow or format (did you mean 'about'?)"),
        (
            "about:",
            "loud: {use: shout}\nabout:",
            "1:1: 'loud' is none of about, extends, nodes, allow or format: nodes stand inside nodes:, indented",
        ),
        ("about: Talk, and be talked to.", "about: [Talk]", "1:8: about is one text: what a caller can expect of this graph"),
        ("about:", "format: 2\nabout:", "1:9: this voicegraph reads format 1: a newer one may read this file"),
        ("about:", "allow: all\nabout:", "1:8: allow is a mapping: node.option, and what a client may set it to"),
    ],
)
def test_what_is_no_graph_says_what_one_is(call: str, mistakes: Mistakes, old: str, new: str, mistake: str) -> None:
    assert mistakes(call.replace(old, new, 1)) == [f"call.yaml:{mistake}"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("about: x\n", "1:1: a graph needs nodes:"),
        ("nodes:\n", f"1:1: {NODES}"),
        ("nodes: {}\n", f"1:8: {NODES}"),
        ("nodes: [a]\n", f"1:8: {NODES}"),
        ("extends: ./base.yaml\nnodes: []\n", f"2:8: {NODES}"),
    ],
)
def test_a_graph_without_nodes_is_none(mistakes: Mistakes, text: str, mistake: str) -> None:
    assert mistakes(text) == [f"call.yaml:{mistake}"]
