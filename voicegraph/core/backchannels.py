"""Sounds of listening: what people say while somebody else speaks, to show that they are there, without wanting to speak themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from voicegraph.core.endpoint import plain

BY_LANGUAGE: Mapping[str, str] = {
    "any": "ah, aha, hm, hmm, mhm, mm, mmh, mhmm, oh, ok, okay, okey, wow, super, bravo",
    "en": "uh, uh-huh, uh huh, uhuh, um, mm-hmm, mm hmm, mm-hm, yes, yeah, yea, yep, yup, right, all right, alright, sure, of course, exactly, "
    "absolutely, indeed, i see, i know, i understand, got it, great, nice, cool, good",
    "de": "ja, jaja, jo, jep, joa, genau, stimmt, richtig, klar, alles klar, na klar, achso, ach so, ach ja, verstehe, ich verstehe, natürlich, "
    "gut, sehr gut, eben, äh",
    "fr": "oui, ouais, mouais, d'accord, voilà, hein, ah bon, bien sûr, exactement, tout à fait, c'est ça, je vois, je comprends, entendu, "
    "bien, très bien, hum, euh",
    "es": "sí, si, claro, claro que sí, vale, ya, ajá, exacto, cierto, de acuerdo, entiendo, ya veo, bueno, muy bien, bien, perfecto, "
    "por supuesto, eh",
    "it": "sì, già, certo, certamente, va bene, giusto, esatto, capito, ho capito, capisco, d'accordo, perfetto, bene, molto bene, ecco, eh",
    "pt": "sim, é, pois, pois é, pois não, certo, claro, tá, tá bom, está bem, exato, isso, isso mesmo, entendi, percebo, aham, uhum, beleza, "
    "ótimo, com certeza",
}
"""Those that are known, by ISO 639-1 code: a caller may mix them, so all count."""

BACKCHANNELS = frozenset(each.strip() for phrases in BY_LANGUAGE.values() for each in phrases.split(","))


def is_backchannel(text: str, phrases: Collection[str]) -> bool:
    """Whether all of this is sounds of listening: `phrases` (which are `plain`), one or several in a row, drawn out or not ("mmmm, okay")."""
    words = re.sub(r"(\w)\1{2,}", r"\1\1", plain(text)).split()
    if not words:
        return False
    within = {0}  # how many words can be made of whole phrases
    for end in range(1, len(words) + 1):
        if any(" ".join(words[begin:end]) in phrases for begin in within):
            within.add(end)
    return len(words) in within
