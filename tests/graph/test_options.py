from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.graph.conftest import Edit, Load, Mistakes

DELAY, MODE, PRESET = "target_streaming_delay: 240ms", "mode: 2", "preset: balanced"
VOICE, MODEL = "voice: gb_jane_neutral", "    model: mistral-small-latest\n"
UNIT = "a duration needs its unit"
SECRET = "is a secret, and this file is no place for it: write ${API_KEY} and set API_KEY in the environment"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (DELAY, "target_streaming_delay_ms: 240", "6:27: 'stt' has no option 'target_streaming_delay_ms': write target_streaming_delay: 240ms"),
        (DELAY, "target_streaming_delay: 240", f"6:51: 'stt.target_streaming_delay': {UNIT}: write 240ms or 240s"),
        (DELAY, "target_streaming_delay: soon", f"6:51: 'stt.target_streaming_delay': {UNIT}, such as 240ms or 2s"),
        (DELAY, "target_streaming_delay: 9s", "6:51: 'stt.target_streaming_delay' wants at most 2.4s, not '9s'"),
        (DELAY, "target_streaming_delay: 10ms", "6:51: 'stt.target_streaming_delay' wants at least 80ms, not '10ms'"),
        (DELAY, "target_streaming_dely: 240ms", "6:27: 'stt' has no option 'target_streaming_dely' (did you mean 'target_streaming_delay'?)"),
        (DELAY, "colour: red", "6:27: 'stt' has no option 'colour'; it has api_key, target_streaming_delay, context_bias and language"),
        (DELAY, "form: vad", "6:27: 'stt' has no option 'form' (did you mean 'from'?)"),
        (DELAY, "<<: {language: fr}", "6:27: 'stt' has no option '<<'; it has api_key, target_streaming_delay, context_bias and language"),
        ("caller: webrtc_in", "caller: {use: webrtc_in, rate: 48000}", "3:28: 'caller' has no option 'rate'; it takes none"),
        (DELAY, "api_key: sk-1234", f"6:36: 'stt.api_key' {SECRET}"),
        (DELAY, 'api_key: "${KEY:-sk-1234}"', f"6:36: 'stt.api_key' {SECRET}"),
        (DELAY, 'language: "${GONE}"', "6:37: GONE is not set in the environment: set it, or give a default, ${GONE:-…}"),
        (
            DELAY,
            'language: "${2X}"',
            "6:37: '${2X}' is not a variable: write ${NAME} or ${NAME:-default}, and $$ for a plain $ before a brace",
        ),
        (DELAY, "language: [fr]", "6:37: 'stt.language' wants a text, not a list"),
        (DELAY, "context_bias: Voxtral", "6:41: 'stt.context_bias' wants a list, not 'Voxtral'"),
        (DELAY, "context_bias: [a, {b: c}]", "6:45: 'stt.context_bias[1]' wants a text, not a mapping"),
        (DELAY, 'target_streaming_delay: "${WORD}"', "6:51: 'stt.target_streaming_delay' cannot take what ${WORD} stands for"),
        (MODE, "mode: two", "5:31: 'vad.mode' wants a whole number, not 'two'"),
        (MODE, "mode: 2.5", "5:31: 'vad.mode' wants a whole number, not 2.5"),
        (MODE, "mode: true", "5:31: 'vad.mode' wants a whole number, not true"),
        (MODE, "mode: null", "5:31: 'vad.mode' wants a whole number, not null"),
        (MODE, "mode:2", "5:25: 'vad' has no option 'mode:2': put a space after the colon"),
        (MODE, "mode: {two: 2}", "5:31: 'vad.mode' wants a whole number, not a mapping"),
        (MODE, "mode: 7", "5:31: 'vad.mode' wants at most 3, not 7"),
        (MODE, 'mode: "${WORD}"', "5:31: 'vad.mode' wants a whole number, not '${WORD}'"),
        (MODE, "floor: -42", "5:32: 'vad.floor': decibels need their unit, such as -12dB"),
        (MODE, "floor_db: -42", "5:25: 'vad' has no option 'floor_db': write floor: -42dB"),
        (PRESET, "preset: balancd", "7:38: 'floor.preset' wants 'eager', 'balanced' or 'patient', not 'balancd' (did you mean 'balanced'?)"),
        (PRESET, "preset: 1", "7:38: 'floor.preset' wants 'eager', 'balanced' or 'patient', not 1"),
        (PRESET, "listening: {silense: 3ms}", "7:42: 'floor.listening' has no option 'silense' (did you mean 'silence'?)"),
        (PRESET, "listening: {silence: 3}", f"7:51: 'floor.listening.silence': {UNIT}: write 3ms or 3s"),
        (PRESET, "listening: {silence_ms: 300}", "7:42: 'floor.listening' has no option 'silence_ms': write silence: 300ms"),
        (PRESET, "listening: long", "7:41: 'floor.listening' wants a mapping, not 'long'"),
        (MODEL, "", "8:3: 'agent' needs model:"),
        (MODEL, f"{MODEL}    stream: maybe\n", "11:13: 'agent.stream' wants true or false, not 'maybe'"),
        (MODEL, f"{MODEL}    temperature: hot\n", "11:18: 'agent.temperature' wants a number, not 'hot'"),
        (VOICE, "voice: [a]", "11:34: 'tts.voice' wants a text or a mapping, not a list"),
        (VOICE, "voice: {en: [a]}", "11:39: 'tts.voice.en' wants a text, not a list"),
    ],
)
def test_a_wrong_option_says_where_and_what_to_write(edit: Edit, mistakes: Mistakes, old: str, new: str, mistake: str) -> None:
    assert mistakes(edit(old, new), {"WORD": "hush-hush"}) == [f"call.yaml:{mistake}"]


def test_a_misspelt_option_is_not_also_missing(edit: Edit, mistakes: Mistakes) -> None:
    assert mistakes(edit(VOICE, "voic: jane")) == ["call.yaml:11:27: 'tts' has no option 'voic' (did you mean 'voice'?)"]


def test_all_options_of_all_nodes_are_told_at_once(mistakes: Mistakes, call: str) -> None:
    text = call.replace(MODE, "mode: 9, model: x").replace(DELAY, "language: [a]").replace(VOICE, "speed: 2")
    assert mistakes(text) == [
        "call.yaml:5:31: 'vad.mode' wants at most 3, not 9",
        "call.yaml:5:34: 'vad' has no option 'model' (did you mean 'mode'?)",
        "call.yaml:6:37: 'stt.language' wants a text, not a list",
        "call.yaml:11:3: 'tts' needs voice:",
        "call.yaml:11:27: 'tts' has no option 'speed'; it has voice",
    ]


def test_the_environment_never_gets_into_a_message(edit: Edit, mistakes: Mistakes) -> None:
    for option in ("use: voxtral_stt, target_streaming_delay", "use: voxtral_stt, api_key", "use: voxtral_stt, from", "use"):
        for value in ('"x${WORD}"', '["${WORD}", []]', '{a: "${WORD}"}'):
            told = mistakes(edit(f"use: voxtral_stt, {DELAY}", f"{option}: {value}"), {"WORD": "hush-hush"})
            assert "hush" not in " ".join(told), told


@pytest.mark.parametrize(
    ("node", "option", "written", "value"),
    [
        ("stt", DELAY, "target_streaming_delay: 1.5 s", {"target_streaming_delay": 1.5}),
        ("stt", DELAY, 'target_streaming_delay: "${DELAY}"', {"target_streaming_delay": 0.48}),
        ("stt", DELAY, "language: no", {"language": "no"}),
        ("stt", DELAY, "language: 12", {"language": "12"}),
        ("stt", DELAY, "language: true", {"language": "true"}),
        ("stt", DELAY, "language: null", {"language": None}),
        ("stt", DELAY, 'language: "${EMPTY}"', {"language": None}),
        ("stt", DELAY, 'context_bias: [a, "${EMPTY}", 1.10]', {"context_bias": ("a", "1.10")}),
        ("vad", MODE, 'mode: "${MODE}"', {"mode": 3}),
        ("vad", MODE, 'mode: "${EMPTY}"', {"mode": 2}),
        ("vad", MODE, "floor: -12dB", {"floor": -12.0}),
        ("agent", MODEL, f"{MODEL}    stream: no\n", {"stream": False}),
        ("agent", MODEL, f'{MODEL}    stream: "${{OFF}}"\n', {"stream": False}),
        ("agent", MODEL, f"{MODEL}    temperature: 1\n", {"temperature": 1.0}),
        ("tts", VOICE, "voice: {en: jane, fr: marie}", {"voice": {"en": "jane", "fr": "marie"}}),
        ("tts", VOICE, "voice: jane", {"voice": "jane"}),
    ],
)
def test_a_value_is_read_as_the_options_type(edit: Edit, load_text: Load, node: str, option: str, written: str, value: dict[str, object]) -> None:
    environ = {"DELAY": "480ms", "EMPTY": "", "MODE": "3", "OFF": "false"}
    settings = load_text(edit(option, written), environ).node(node).settings
    assert {key: getattr(settings, key) for key in value} == value


def test_a_path_is_relative_to_the_file_it_stands_in(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "tools.yaml").write_text("extends: ../base.yaml\nnodes:\n  agent: {tools: ./tools.py}\n")
    spec = load_text("extends: ./deep/tools.yaml\n")
    assert getattr(spec.node("agent").settings, "tools", None) == Path("deep/tools.py")


def test_a_secret_that_is_not_set_is_only_a_note(edit: Edit, load_text: Load) -> None:
    spec = load_text(edit(DELAY, 'api_key: "${KEY}"'))
    assert list(map(str, spec.notes)) == ["call.yaml:6:36: KEY is not set: 'stt.api_key' is left out"]


def test_what_is_kept_as_written_has_nothing_of_the_environment(edit: Edit, load_text: Load) -> None:
    node = load_text(edit(DELAY, 'api_key: "${KEY}", language: "${LANGUAGE}"'), {"KEY": "s3cret", "LANGUAGE": "fr"}).node("stt")
    assert node.written == {"api_key": "${KEY}", "language": "${LANGUAGE}"}
    assert "s3cret" not in repr(node)


def test_a_stand_in_is_checked_like_a_node(edit: Edit, load_text: Load, mistakes: Mistakes) -> None:
    stand_in = load_text(edit(DELAY, "otherwise: {use: voxtral_stt, language: fr}")).node("stt").otherwise
    assert stand_in is not None
    assert stand_in.written == {"language": "fr"}
    assert stand_in.name == "stt"
    assert mistakes(edit(DELAY, "otherwise: {use: voxtral_stt, langage: fr}")) == [
        "call.yaml:6:57: 'stt' has no option 'langage' (did you mean 'language'?)"
    ]


@pytest.mark.parametrize(
    ("otherwise", "mistake"),
    [
        ("{use: espeak_tts}", "6:27: espeak_tts cannot stand in for 'stt': it does not give words"),
        ("voxtral_stt", "6:38: otherwise: is a mapping like a node: {use: …}, and stands in when 'stt' cannot work"),
        ("{use: voxtral_stt, after: vad}", "6:57: a stand-in stands where 'stt' stands: leave after: out"),
        ("{use: voxtral_stt, from: {speech: vid}}", "6:72: there is no node 'vid' (did you mean 'vad'?)"),
        ("{language: fr}", "6:27: 'stt' needs use: and the name of a processor"),
    ],
)
def test_a_wrong_stand_in_says_why(edit: Edit, mistakes: Mistakes, otherwise: str, mistake: str) -> None:
    assert mistakes(edit(DELAY, f"otherwise: {otherwise}")) == [f"call.yaml:{mistake}"]


def test_a_stand_in_takes_what_its_node_takes_and_what_only_it_needs(edit: Edit, load_text: Load) -> None:
    stt = load_text(edit(DELAY, "otherwise: {use: voxtral_stt, from: {speech: vad}}")).node("stt")
    assert stt.otherwise is not None
    assert [(link.source, link.into) for link in stt.links] == [("resampler", "audio")]
    assert [(link.source, link.into) for link in stt.otherwise.links] == [("resampler", "audio"), ("vad", "speech")]
    assert [choice.use for choice in stt.choices] == ["voxtral_stt", "voxtral_stt"]


def test_what_neither_hears_nor_answers_nor_speaks_has_no_stand_in(edit: Edit, mistakes: Mistakes) -> None:
    found = mistakes(edit("{use: webrtcvad, mode: 2}", "{use: webrtcvad, otherwise: {use: webrtcvad}}"))
    assert found == ["call.yaml:5:25: 'vad' cannot have a stand-in: what hears, answers or speaks can"]
