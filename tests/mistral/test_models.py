import pytest

from voicegraph.mistral.models import is_voxtral_3


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("voxtral-mini-transcribe-realtime-3-0", True),
        ("voxtral-mini-transcribe-realtime-3", True),
        ("voxtral-mini-transcribe-realtime-4-1", True),
        ("voxtral-mini-transcribe-realtime-2602", False),
        ("voxtral-mini-tts-3-0", True),
        ("voxtral-mini-tts-3", True),
        ("voxtral-mini-tts-2603", False),
        ("voxtral-mini-latest", False),
        ("whisper-1", False),
        ("our-own-model", False),
    ],
)
def test_is_voxtral_3(model: str, expected: bool) -> None:
    assert is_voxtral_3(model) is expected
