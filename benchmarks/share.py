"""How much of an answer's time is the framework's own: what is left of it without the model server's delays and the silence that was asked for.

The two overlap, since the reply is begun while it is not yet certain that the turn is over. So what must be taken off is the longer of two ways:
the silence that ends the turn; and the silence that begins the reply, then the words, the first token and the first sound. Nothing else is taken
off: the caller's packet of 20 ms, the network, and waiting for enough words to speak are the framework's.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicegraph.graph.load import load
from voicegraph.processors._policy import InterruptionSettings
from voicegraph.processors.voxtral_stt import VoxtralSttSettings
from voicegraph.processors.webrtcvad import WebrtcVadSettings


def given(graph: str, delays: Mapping[str, float]) -> float:
    """Seconds that the settings of a shipped graph and the stand-in's delays (processes.DELAYS) make an answer take."""
    nodes = {node.name: node.settings for node in load(graph).nodes}
    stt, floor, vad = nodes["stt"], nodes["floor"], nodes["vad"]
    assert isinstance(stt, VoxtralSttSettings)
    assert isinstance(floor, InterruptionSettings)
    assert isinstance(vad, WebrtcVadSettings)
    making = delays["first_token"] + delays["first_sound"]
    if "realtime-3" in stt.model:  # the model tells when the turn is over, and before that, when it probably is
        return max(stt.turn_detection.min_silence, delays["eager_end"] + making)
    silence = floor.policy().listening.silence
    return max(silence, vad.stop + delays["final"] + making)
