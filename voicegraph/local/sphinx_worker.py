"""The process in which pocketsphinx recognises. Run as a script by `SphinxEngine`; imports nothing of voicegraph.

It has a process of its own because pocketsphinx keeps Python's global lock while it works: 60 ms at the end of an utterance, 400 ms to load its
model, in which no packet of any call would leave.

On stdin come requests, one line of JSON each: `{"do": "begin", "phrases": […]}`, `{"do": "feed", "bytes": n}` followed by n bytes of mono int16 at
16 kHz, and `{"do": "end"}`. Each is answered on stdout by a line `{"text": …}`, what was understood of the utterance so far, or `{"problem": …}`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import IO, Any

# With a grammar, the search over the word lattice at the end of an utterance (bestpath) breaks phrases off: 5 of 10 came out whole, without it 9, and
# with wider beams than the defaults all of 10, in two voices. For free speech the defaults are right: the beams below take three times as long.
GRAMMAR_OPTIONS = {"lm": None, "bestpath": False, "beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}


class Recogniser:
    """pocketsphinx with the US English model that its wheel carries. Blocks."""

    def __init__(self) -> None:
        self._decoder: Any = None
        self._grammars: set[str] = set()

    def begin(self, phrases: Sequence[str]) -> None:
        """A new utterance; with `phrases`, one of them and nothing else. ValueError: a word that the dictionary does not have."""
        self.end()
        if phrases:
            self._limited.activate_search(self._grammar(phrases))
        self._decoder = self._limited if phrases else self._free
        self._decoder.start_utt()

    def feed(self, pcm: bytes) -> str:
        """More sound; returns the words so far."""
        if self._decoder is None or not pcm:
            return ""
        self._decoder.process_raw(pcm, no_search=False, full_utt=False)
        return _words(self._decoder)

    def end(self) -> str:
        """The utterance is over; returns its words. Without effect when none is running."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return ""
        decoder.end_utt()
        return _words(decoder)

    @cached_property
    def _free(self) -> Any:
        return _load({})

    @cached_property
    def _limited(self) -> Any:
        return _load(GRAMMAR_OPTIONS)

    def _grammar(self, phrases: Sequence[str]) -> str:
        """The name of the search for these phrases, in the JSpeech Grammar Format (W3C note, 2000)."""
        plain = [" ".join(re.findall(r"[a-z']+", phrase.lower())) for phrase in phrases]
        name = " | ".join(plain)
        if name in self._grammars:
            return name
        unknown = sorted({word for phrase in plain for word in phrase.split() if self._limited.lookup_word(word) is None})
        unknown += [phrase for phrase, words in zip(phrases, plain, strict=True) if not words]
        if unknown:
            raise ValueError(f"pocketsphinx does not know how to say '{unknown[0]}': use other words in phrases")
        self._limited.add_jsgf_string(name, f"#JSGF V1.0; grammar phrases; public <phrase> = {name};")
        self._grammars.add(name)
        return name


def _load(options: dict[str, Any]) -> Any:
    import pocketsphinx  # type: ignore[import-untyped]  # optional, and slow to load

    return pocketsphinx.Decoder(loglevel="FATAL", samprate=16000, **options)


def _words(decoder: Any) -> str:
    best = decoder.hyp()
    return str(best.hypstr) if best is not None else ""


def answer(recogniser: Recogniser, request: dict[str, Any], read: IO[bytes]) -> dict[str, str]:
    """Do what one request asks."""
    match request["do"]:
        case "begin":
            try:
                recogniser.begin(request["phrases"])
            except ValueError as problem:
                return {"problem": str(problem)}
            return {"text": ""}
        case "feed":
            return {"text": recogniser.feed(read.read(request["bytes"]))}
        case _:
            return {"text": recogniser.end()}


def main(read: IO[bytes], write: IO[bytes]) -> None:
    """Answer until the other side closes the pipe."""
    recogniser = Recogniser()
    for line in read:
        write.write(json.dumps(answer(recogniser, json.loads(line), read)).encode() + b"\n")
        write.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
