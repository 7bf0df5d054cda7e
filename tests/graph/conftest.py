"""The graph's tests run on `toys/`: processors with the ports of the real ones and nothing inside, so that they test the graph and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from voicegraph.errors import GraphError
from voicegraph.graph.load import load
from voicegraph.graph.registry import Registry
from voicegraph.graph.spec import GraphSpec

CALL = """\
about: Talk, and be talked to.
nodes:
  caller: webrtc_in
  resampler: {use: resampler, rate: 16000}
  vad: {use: webrtcvad, mode: 2}
  stt: {use: voxtral_stt, target_streaming_delay: 240ms}
  floor: {use: interruption, preset: balanced}
  agent:
    use: mistral_agent
    model: mistral-small-latest
  tts: {use: voxtral_tts, voice: gb_jane_neutral}
  jitter: {use: jitter_buffer, cushion: 60ms}
  speaker: webrtc_out
  page: page
"""


class Load(Protocol):
    def __call__(self, text: str, environ: Mapping[str, str] = ..., **files: str) -> GraphSpec: ...


class Mistakes(Protocol):
    def __call__(self, text: str, environ: Mapping[str, str] = ..., **files: str) -> list[str]: ...


class Edit(Protocol):
    def __call__(self, old: str, new: str) -> str: ...


@pytest.fixture
def call() -> str:
    """A whole graph of toys."""
    return CALL


@pytest.fixture
def edit() -> Edit:
    """The whole graph with one piece of its text replaced."""

    def edited(old: str, new: str) -> str:
        assert CALL.count(old) == 1
        return CALL.replace(old, new)

    return edited


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return Registry("toys")


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toys: Registry) -> Load:
    """Load a text as `call.yaml`, beside `base.yaml` (the whole call) and what else is given as name_suffix=text."""
    monkeypatch.chdir(tmp_path)

    def loads(text: str, environ: Mapping[str, str] | None = None, **files: str) -> GraphSpec:
        for name, content in {"base_yaml": CALL, **files, "call_yaml": text}.items():
            stem, _, suffix = name.rpartition("_")
            Path(f"{stem}.{suffix}").write_text(content, encoding="utf-8")
        return load("./call.yaml", environ or {}, toys)

    return loads


@pytest.fixture
def mistakes(load_text: Load) -> Mistakes:
    """What is wrong with a text, as `file:line:column: sentence`."""

    def found(text: str, environ: Mapping[str, str] | None = None, **files: str) -> list[str]:
        with pytest.raises(GraphError) as caught:
            load_text(text, environ or {}, **files)
        return str(caught.value).splitlines()

    return found
