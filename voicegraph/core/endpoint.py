"""Does this text sound finished? What the words alone say about the end of a turn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

Ending = Literal["closed", "unsure", "open"]

_CLOSED = tuple(".!?。！？")
_SURE = tuple("!?！？")
"""A speech-to-text that writes one of these has heard it; a full stop it may have put at any pause."""
_OPEN = (*",;:-–—…、，", "...")
_LEADING_ON: Mapping[str, frozenset[str]] = {
    "en": frozenset("and or but because if the a an of my your our their its every than plus i'm it's there's mr mrs ms dr prof".split()),
    "de": frozenset(
        "und oder aber sondern weil denn wenn dass ob der die den dem des ein eine einen einem einer mein meine meinen meiner im am zum zur vom ins "
        "mit für ohne von bei dr prof".split()
    ),
    "fr": frozenset(
        "et ou mais car parce que quand le la les un une des du de au aux avec pour sans chez mon ma mes son sa ses notre votre cette".split()
    ),
    "es": frozenset("y e o u pero porque cuando que el la los las un una unos unas de del al con para por sin en mi mis tu su sus".split()),
    "it": frozenset("e o ma perché quando che se il lo la i gli le un uno una di del della al alla con per senza da nel nella mio mia".split()),
    "pt": frozenset("e ou mas porque quando que se o a os as um uma de do da dos das em no na com para por sem meu minha seu sua".split()),
}
"""Last words after which people go on: conjunctions, articles, prepositions, possessives. Not those that end sentences as well ("where it is").
By ISO 639-1 code: "die" is an article in one language and a verb in another."""
_ANYWHERE = frozenset(
    "and or but because the a an of my your mr mrs ms dr prof und oder aber weil wenn dass der ein eine mit für et ou mais parce que les une avec "
    "pour y pero porque cuando el los con para mas uma com il di per ma perché".split()
)
"""The same for who does not know the language: those that end no sentence in another one."""
_PERHAPS = frozenset("so when which with that as like".split())
"""The same without a full stop after them: they may end a sentence ("I think so")."""
_HESITATION = re.compile(r"u+[hm]+|e+r*[hm]+|e+r+|h+m+|ä+h*m*|ö+h*m*|e+u+h+|e+h*m+")
_DIGITS = frozenset(
    "zero oh one two three four five six seven eight nine double "
    "null eins zwei zwo drei vier fünf sechs sieben acht neun "
    "zéro un deux trois quatre cinq sept huit neuf "
    "cero uno dos tres cuatro cinco seis siete ocho nueve "
    "due tre quattro cinque sei sette otto nove "
    "um dois duas três quatro sete oito".split()
)
"""Said one by one, they are a number that is being dictated."""
_DICTATED = frozenset(
    "number code pin phone postcode zip nummer telefonnummer postleitzahl numéro téléphone número teléfono telefone código numero telefono "
    "codice".split()
)
"""What is dictated: after these, a number goes on."""
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d][\w'’]*|\d\w*")
"""A number with its marks ("3.50", "5:30") is one word; "555-1234" is two, as it is said."""


def ending(text: str, language: str | None = None) -> Ending:
    """`closed` after a full sentence, `open` after what asks for more (a comma, "and", a number being dictated), else `unsure`.

    language: ISO 639-1 code of what is spoken, where it is known."""
    text = text.rstrip()
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if text.endswith(_OPEN):
        return "open"
    if not words:
        return "unsure"
    if text.endswith(_SURE):
        return "closed"
    if _is_dictating(words) or _leads_on(words[-1], language) or _HESITATION.fullmatch(words[-1]):
        return "open"
    if text.endswith(_CLOSED):
        return "closed"
    return "open" if words[-1] in _PERHAPS else "unsure"


def _leads_on(word: str, language: str | None) -> bool:
    return word.endswith("'") or word in _LEADING_ON.get(language or "", _ANYWHERE)


def _is_dictating(words: list[str]) -> bool:
    """Two digits or more at the end, or one where a number is being told."""
    digits = 0
    for word in reversed(words):
        if not _is_digit(word):
            break
        digits += 1
    return digits > 1 or (digits == 1 and any(word in _DICTATED for word in words))


def _is_digit(word: str) -> bool:
    return word.isdigit() or word in _DIGITS


def plain(text: str) -> str:
    """For comparing what was said: lower case, no punctuation, single spaces."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(re.findall(r"[\w'-]+", text)).strip("-' ")
