from __future__ import annotations

from dataclasses import replace

import pytest

from voicegraph.core.policy import PRESETS, Policy


def test_the_default_is_balanced() -> None:
    assert PRESETS["balanced"] == Policy()


def test_presets_go_from_eager_to_patient() -> None:
    eager, balanced, patient = PRESETS["eager"], PRESETS["balanced"], PRESETS["patient"]
    for name in ("silence", "unsure_silence", "open_silence", "final_wait"):
        assert getattr(eager.listening, name) < getattr(balanced.listening, name) < getattr(patient.listening, name), name
    for name in ("duck", "pause", "drop", "restore"):
        assert getattr(eager.speaking, name) < getattr(balanced.speaking, name) < getattr(patient.speaking, name), name


@pytest.mark.parametrize("preset", PRESETS)
def test_the_steps_of_yielding_come_one_after_the_other(preset: str) -> None:
    policy = PRESETS[preset]
    assert 0 < policy.speaking.duck < policy.speaking.pause < policy.speaking.drop
    assert policy.thinking.pause < policy.thinking.drop < policy.thinking.patience
    assert policy.listening.silence < policy.listening.unsure_silence < policy.listening.open_silence < policy.listening.watchdog


def test_a_policy_is_changed_by_replacing_values() -> None:
    assert replace(Policy().speaking, words=3).pause == Policy().speaking.pause
