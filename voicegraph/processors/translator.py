"""Says in another language what the caller says."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Annotated

from pydantic import Field

from voicegraph.errors import ReplyFailed
from voicegraph.frames import ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, LanguageCode, in_language
from voicegraph.mistral.chat import completion
from voicegraph.mistral.errors import plainly
from voicegraph.mistral.settings import MistralSettings
from voicegraph.processors._writing import Writing

NAMES = {"ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "it": "Italian", "ja": "Japanese"} | {
    "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese"
}  # fmt: skip
"""What models are told, where a name is surer than a code."""


class TranslatorSettings(MistralSettings):
    model: str = "mistral-small-latest"
    """The chat model that translates."""
    into: Annotated[Mapping[LanguageCode, LanguageCode], Field(min_length=1)]
    """From what is spoken to what is said, in ISO 639-1 codes. The first one's target serves languages that are not named."""
    instructions: str = ""
    """More for the model to know: terms, names, how formal to be."""
    first_token: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the model may be silent, before its translation and in it."""


class Translator(Processor):
    """An interpreter instead of an agent: what the caller says in one language comes back in another.

        agent:
          use: translator
          into: {en: fr, fr: en}                # what is spoken: what is said
          instructions: Be formal. "Board" is "conseil d'administration".

    The language is what the speech-to-text has recognised. Every turn is translated by itself.
    """

    settings: TranslatorSettings
    turns = In(Turn)
    reply = Out(ReplyText)

    async def start(self) -> None:
        self.chat = self.settings.client(self.place).chat

    async def on_turns(self, turn: Turn) -> None:
        options = self.settings
        target = in_language(options.into, turn.language)
        writing = Writing(self.reply, turn, target)
        if turn.say is not None or not turn.text:
            writing.finish(turn.say or "")
            return
        messages = [{"role": "system", "content": _task(target, options.instructions)}, {"role": "user", "content": turn.text}]
        request = {"model": options.model, "messages": messages, "temperature": 0.0}
        with plainly(ReplyFailed):
            async with aclosing(completion(self.chat, request, options.first_token, replaceable=self.place.replaceable)) as parts:
                async for part in parts:
                    if isinstance(part, str) and not await writing.write(part):
                        return
        writing.finish()


def _task(target: str, instructions: str) -> str:
    into = NAMES.get(target, f"the language with the ISO 639-1 code {target}")
    task = f"You are an interpreter. Translate what the user says into {into}, in the same person and tone. Give the translation and nothing else."
    return f"{task} {instructions}".strip()
