"""Sums as people say them or type them: "what is twelve times seven", "3.5 + 2 * 4". Pure."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: i for i, word in enumerate(_ONES)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_LARGE = {"thousand": 1000, "million": 1_000_000}
_SAID = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_SIGNS = {said: sign for sign, said in _SAID.items()} | {"multiplied by": "*", "×": "*", "x": "*", "over": "/", "÷": "/", ":": "/", "−": "-"}
_SIGN = r"[-+*/×÷−:]|\b(?:plus|minus|times|multiplied by|divided by|over)\b|(?<=[\d\s])x(?=[\d\s])"
_DIGITS = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)")


def number(text: str) -> Fraction | None:
    """The number that `text` is, in digits ("1,000.5") or English words ("two hundred and five", "three point one four")."""
    words = text.lower().replace("-", " ").split()
    if len(words) == 1 and _DIGITS.fullmatch(words[0]):
        return Fraction(words[0].replace(",", ""))
    whole, point, decimals = (part.split() for part in " ".join(words).partition(" point "))
    value = _whole(whole)
    if value is None or not point:
        return value
    digits = [str(_SMALL[word]) for word in decimals if _SMALL.get(word, 10) < 10]
    return value + Fraction(f"0.{''.join(digits)}") if digits and len(digits) == len(decimals) else None


def _whole(words: list[str]) -> Fraction | None:
    total = group = 0
    for word in words:
        if word in _SMALL:
            group += _SMALL[word]
        elif word in ("a", "an") and len(words) > 1:
            group += 1
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in _LARGE:
            total, group = total + (group or 1) * _LARGE[word], 0
        elif word != "and":
            return None
    return Fraction(total + group) if set(words) - {"and", "a", "an"} else None


def sum_in(text: str) -> str | None:
    """The answer, as a sentence, to the sum that is all of `text` ("two plus two" → "2 plus 2 is 4."); None if it is none."""
    parts = [part.strip() for part in re.split(f"({_SIGN})", text.lower().strip(" ?.!="))]
    numbers = [number(part) for part in parts[::2]]
    signs = [_SIGNS.get(sign, sign) for sign in parts[1::2]]
    if not signs or any(value is None for value in numbers):
        return None
    values = [value for value in numbers if value is not None]
    said = "".join(f"{spoken(value)} {_SAID[sign]} " for value, sign in zip(values, signs, strict=False)) + spoken(values[-1])
    try:
        return f"{said} is {spoken(_total(values, signs))}."
    except ZeroDivisionError:
        return "Nothing can be divided by zero."


def _total(values: list[Fraction], signs: list[str]) -> Fraction:
    """Products first, then from left to right."""
    terms = [values[0]]
    for sign, value in zip(signs, values[1:], strict=True):
        if sign == "*":
            terms[-1] *= value
        elif sign == "/":
            terms[-1] /= value
        else:
            terms.append(value if sign == "+" else -value)
    return sum(terms, Fraction(0))


def spoken(value: Fraction) -> str:
    """A number as a voice should get it: "84", "minus 3.5", "about 0.3333"."""
    sign = "minus " if value < 0 else ""
    rounded = round(abs(value), 4)
    text = f"{float(rounded):.4f}".rstrip("0").rstrip(".") if rounded.denominator > 1 else str(rounded)
    return ("" if rounded == abs(value) else "about ") + sign + text
