"""The options of the floor, as a file writes them: a preset, and single values that override it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from voicegraph.core.endpoint import plain
from voicegraph.core.policy import PRESETS, Policy, Reminders
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
    """How long it may take to its first sound; the time of a tool does not count."""


class SpeakingSettings(Settings):
    """While the reply sounds. What is left out comes from the preset."""

    interruptible: bool | None = None
    """`false`: nothing that is said stops a reply."""
    protect: Duration | None = None
    """The beginning of each reply that nothing which is said stops."""
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
    echo: bool | None = None
    """`false`: words that repeat what was just spoken stop the reply as others do; otherwise they are taken for its echo from a loudspeaker."""


class ReminderSettings(Settings):
    """While nobody says anything."""

    after: Duration = 10.0
    """Silence before each reminder, and before hanging up."""
    words: tuple[str, ...] = ()
    """What the agent says, one after the other. None: silence is left alone."""
    count: int | None = Field(default=None, ge=1, le=20)
    """How many reminders; by default as many as there are words."""
    hang_up: bool = True
    """Whether the call ends when the last reminder was of no use."""


class InterruptionSettings(Settings):
    """When a turn is over, and what stops a reply; docs/turn-taking.md says what that means to a caller."""

    preset: Literal["eager", "balanced", "patient"] = "balanced"
    """How patient the agent is; the three below override single values."""
    mode: Literal["automatic", "manual"] = "automatic"
    """`manual`: push to talk. Only the caller's hand ends a turn, and only it stops a reply."""
    listening: ListeningSettings = ListeningSettings()
    thinking: ThinkingSettings = ThinkingSettings()
    speaking: SpeakingSettings = SpeakingSettings()
    welcome: str | None = None
    """What the agent says first."""
    apology: str | None = "I'm sorry, I can't answer that at the moment."
    """What the agent says when an answer cannot be made or takes too long, because a provider is down; `null`: only the screen says so."""
    reminders: ReminderSettings = ReminderSettings()

    def policy(self) -> Policy:
        """The preset with what this file overrides."""
        preset = PRESETS[self.preset]
        return Policy(
            listening=replace(preset.listening, manual=self.mode == "manual", **_given(self.listening)),
            thinking=replace(preset.thinking, **_given(self.thinking)),
            speaking=replace(preset.speaking, **_given(self.speaking)),
            reminders=Reminders(**dict(self.reminders)),
            apology=self.apology,
        )

    def effective(self) -> dict[str, Any]:
        policy = self.policy()
        states: dict[str, Settings] = {"listening": self.listening, "thinking": self.thinking, "speaking": self.speaking}
        return super().effective() | {name: _filled(state, getattr(policy, name)).effective() for name, state in states.items()}

    def origin(self, option: str) -> str:
        state, dot, _ = option.partition(".")
        return f"preset {self.preset}" if dot and state in ("listening", "thinking", "speaking") else super().origin(option)


def _filled(settings: Settings, policy: object) -> Settings:
    """The same options with nothing left out."""
    values = {name: getattr(policy, name) for name in type(settings).model_fields}
    return type(settings).model_validate(values | ({"ignore": sorted(values["ignore"])} if "ignore" in values else {}))


def _given(settings: Settings) -> dict[str, Any]:
    values = {name: value for name, value in settings if value is not None}
    return values | ({"ignore": frozenset(map(plain, values["ignore"]))} if "ignore" in values else {})
