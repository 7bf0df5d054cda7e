"""RTVI 1 for clients that speak no other: the published prebuilt page, and apps made with an SDK from before RTVI 2.

All that has changed for a listener is `bot-output` (docs.pipecat.ai, "RTVI standard"): version 1 knows no progress inside a sentence. It wants the
sentence once, as text that is not `spoken` yet, and then each piece that has been, as `spoken` text of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicegraph.core.rtvi import message


def is_spoken_by(version: str) -> bool:
    """Whether a client of this version (`client-ready`) is one of them; one that tells none is taken for a newer one."""
    return version.partition(".")[0] in ("0", "1")


def translated(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What to send such a client instead of this message."""
    match told:
        case {"type": "bot-output", "data": {"spoken_status": "in-progress" | "completed"}}:
            return []
        case {"type": "bot-output", "data": data}:
            return [_output(data["text"], data["aggregated_by"], spoken=False)]
        case {"type": "bot-tts-text", "data": {"text": text}}:
            return [told, _output(text, "word", spoken=True)]
    return [told]


def _output(text: str, aggregated_by: str, *, spoken: bool) -> dict[str, Any]:
    return message("bot-output", {"text": text, "aggregated_by": aggregated_by, "spoken": spoken})
