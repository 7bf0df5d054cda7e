"""The options of the floor, as a file writes them: a preset, and single values that override it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from voicegraph.core.endpoint import plain
from voicegraph.core.policy import PRESETS, Policy
from voicegraph.graph.settings import Duration, Settings


class ListeningSettings(Settings):
    """While the caller has the floor. What is left out comes from the preset."""

    silence: Duration | None = None
    """Silence that ends a turn after a finished sentence."""
    unsure_silence: Duration | None = None
    """The same after words that may be finished or not."""
    open_silence: Duration | None = None
    """The same after words that ask for more ("and", a comma)."""
    final_wait: Duration | None = None
    """How long the final words may take before the partial ones are used."""
    watchdog: Duration | None = None
    """Silence that ends a turn although a model with turn events has not said so."""
    speculations: int | None = Field(default=None, ge=0, le=20)
    """How often per turn a reply may be begun before the turn is certainly over; 0: never."""


class ThinkingSettings(Settings):
    """While the reply is being made. What is left out comes from the preset."""

    pause: Duration | None = None
    """Speech after which the reply may not start to sound."""
    drop: Duration | None = None
    """Speech after which it is given up without knowing a word of it."""
    patience: Duration | None = None
    """How long it may take to its first sound."""


class SpeakingSettings(Settings):
    """While the reply sounds. What is left out comes from the preset."""

    interruptible: bool | None = None
    """`false`: nothing that is said stops a reply."""
    duck: Duration | None = None
    """Speech after which the reply gets quieter."""
    pause: Duration | None = None
    """Speech after which it waits in silence."""
    drop: Duration | None = None
    """Speech after which it is over without knowing a word of it."""
    words: int | None = Field(default=None, ge=1, le=20)
    """Words that end it."""
    restore: Duration | None = None
    """How long to wait for words after speech over it, before it goes on."""
    ignore: list[str] | None = None
    """What does not count as words: sounds of listening, such as "uh-huh"."""


class InterruptionSettings(Settings):
    preset: Literal["eager", "balanced", "patient"] = "balanced"
    """How patient the agent is; the three below override single values."""
    listening: ListeningSettings = ListeningSettings()
    thinking: ThinkingSettings = ThinkingSettings()
    speaking: SpeakingSettings = SpeakingSettings()
    welcome: str | None = None
    """What the agent says first."""

    def policy(self) -> Policy:
        """The preset with what this file overrides."""
        preset = PRESETS[self.preset]
        return Policy(
            listening=replace(preset.listening, **_given(self.listening)),
            thinking=replace(preset.thinking, **_given(self.thinking)),
            speaking=replace(preset.speaking, **_given(self.speaking)),
        )


def _given(settings: Settings) -> dict[str, Any]:
    values = {name: value for name, value in settings if value is not None}
    return values | ({"ignore": frozenset(map(plain, values["ignore"]))} if "ignore" in values else {})
