"""Files that a graph writes: one per call, named by a template."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema


def _is_a_template(path: str) -> str:
    try:
        names = {path.format(session=i, time=i) for i in "ab"}
    except (LookupError, ValueError, AttributeError):
        raise ValueError("path may contain {session} and {time}, and no other braces") from None
    if len(names) == 1:
        raise ValueError("each call needs a file of its own: put {session} or {time} into path")
    return path


CallPath = Annotated[str, AfterValidator(_is_a_template), WithJsonSchema({"type": "string", "format": "path"})]
"""A path with `{session}`, the call's id, or `{time}`, when it began. Relative to where the server was started."""


def path_of(template: str, session: str) -> Path:
    """The file of the call that begins now."""
    return Path(template.format(session=session, time=f"{datetime.now().astimezone():%Y-%m-%dT%H%M%S}"))
