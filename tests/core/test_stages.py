from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.stages import TurnEnd

times = st.floats(0, 30, allow_nan=False)


def test_each_stage_lasts_from_the_one_before() -> None:
    report = TurnEnd("silence", 1.0, 1.45, 0).report({"floor.turns": 1.45, "agent.reply": 1.6, "tts.audio": 1.75}, 1.76)
    assert report["stages"] == [
        {"stage": "floor.turns", "ms": 450},
        {"stage": "turn end", "ms": 0},
        {"stage": "agent.reply", "ms": 150},
        {"stage": "tts.audio", "ms": 150},
        {"stage": "first sample", "ms": 10},
    ]
    assert report["speech_end_to_first_sound_ms"] == 760


def test_a_speculative_reply_has_stages_before_the_end_of_the_turn() -> None:
    report = TurnEnd("model", 0.0, 0.5, 1).report({"floor.turns": 0.2, "agent.reply": 0.35, "tts.audio": 0.48}, 0.51)
    assert [stage["stage"] for stage in report["stages"]] == ["floor.turns", "agent.reply", "tts.audio", "turn end", "first sample"]  # type: ignore[attr-defined]
    assert report["speculations"] == 1


def test_without_speech_the_time_runs_from_the_request() -> None:
    report = TurnEnd("asked", None, 2.0, 0).report({"floor.turns": 2.0, "agent.reply": 2.1}, 2.3)
    assert "speech_end_to_first_sound_ms" not in report
    assert report["turn_end_to_first_sound_ms"] == 300


def test_what_the_client_adds_is_told_beside_the_total() -> None:
    firsts = {"floor.turns": 1.45, "tts.audio": 1.75}
    with_delay, without = TurnEnd("silence", 1.0, 1.45, 0).report(firsts, 1.76, 0.085), TurnEnd("silence", 1.0, 1.45, 0).report(firsts, 1.76)
    assert with_delay == without | {"playout_delay_ms": 85}


@given(spoken=times, over=times, firsts=st.dictionaries(st.text(max_size=3), times, max_size=5), wait=times)
def test_the_stages_add_up(spoken: float, over: float, firsts: dict[str, float], wait: float) -> None:
    sounded = max([spoken, over, *firsts.values()]) + wait
    report = TurnEnd("silence", spoken, over, 0).report(firsts, sounded)
    stages = report["stages"]
    assert isinstance(stages, list)
    unattributed = report["unattributed_ms"]
    assert isinstance(unattributed, int)
    assert sum(stage["ms"] for stage in stages) + unattributed == report["speech_end_to_first_sound_ms"]
    assert unattributed == 0
