"""Whole calls over the shipped graphs, with Mistral's client as it is, whose transcription stays connected and says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.graph.host import Host
from voicegraph.graph.load import load
from voicegraph.graph.session import Session
from voicegraph.offline import WavLine
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Opened, Script
from voicegraph.testing.speech import speak

TURN_EVENTS = frozenset(("turn.start", "turn.eager_end", "turn.resume", "turn.end"))


@pytest.mark.parametrize(
    ("graph", "fault", "connections"),
    [
        ("voxtral", Faults(stall_after=2, first=1), 2),
        ("voxtral2", Faults(stall_after=2, first=1), 2),
        ("voxtral", Faults(lost=TURN_EVENTS), 1),
    ],
    ids=["turns, mute", "flushes, mute", "no turn events"],
)
async def test_the_caller_is_answered_all_the_same(
    graph: str, fault: Faults, connections: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = Script(utterances=["what is the weather like"], replies=["Sunny."])
    line = WavLine(speak("what is the weather like", 16000), 16000)
    async with MistralServer(script, Delays(), {"transcription": fault}) as server, Host() as host:
        monkeypatch.setenv("MISTRAL_API_KEY", "any")
        monkeypatch.setenv("MISTRAL_BASE_URL", server.url)
        session = Session(load(graph), line, id="quiet", host=host)
        await session.start()
        assert await line.talk(patience=6.0)
        await session.close("done")
        assert len(server.log.of(Opened, lambda opened: opened.endpoint == "transcription")) == connections
    assert line.transcript.lines == [("caller", "what is the weather like"), ("agent", "Sunny.")]
    assert line.first_sound is not None
    assert line.first_sound < 4.0
