"""The key of the resume tokens: from the environment, or kept in a file so that a restarted server still reads its tokens."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from voicegraph.errors import VoicegraphError

VARIABLE = "VOICEGRAPH_RESUME_KEY"
FILE = "resume.key"
MAKE_ONE = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'

log = logging.getLogger(__name__)


class ResumeKeyError(VoicegraphError):
    """The key that the operator gave cannot be used."""


def resume_key(environ: Mapping[str, str]) -> bytes:
    """The key. Made, and kept with mode 0600 in the user's state directory, where there is none yet.

    Raises ResumeKeyError when VOICEGRAPH_RESUME_KEY is set to something else. A file that cannot be used is told in the log, and the key is this
    process's own.
    """
    if given := environ.get(VARIABLE):
        return _checked(given.encode(), f"{VARIABLE} is no key: make one with {MAKE_ONE}.")
    file = _folder(environ) / FILE
    try:
        return _from_file(file)
    except (OSError, ResumeKeyError) as problem:
        why = f"{file} cannot be used: {problem.strerror or problem}." if isinstance(problem, OSError) else str(problem)
        log.warning("%s Conversations outlive a worker but not a restart of the server. Mend it, or set %s.", why, VARIABLE)
        return Fernet.generate_key()


def _folder(environ: Mapping[str, str]) -> Path:
    """As the XDG Base Directory Specification has it for state."""
    state = environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".local/state"
    return base / "voicegraph"


def _from_file(file: Path) -> bytes:
    if not file.exists():
        _make(file)
    if file.stat().st_mode & 0o077:
        raise ResumeKeyError(f"{file} can be read by others: chmod 600 {file}.")
    return _checked(file.read_bytes().strip(), f"{file} holds no key: delete it, and the next start makes one.")


def _make(file: Path) -> None:
    """Written aside and then linked, so that whoever reads it meanwhile reads all of it, and of two that make one the first counts."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
            new.write(Fernet.generate_key() + b"\n")
        os.link(aside, file)
    except FileExistsError:
        pass  # another process was quicker
    finally:
        aside.unlink(missing_ok=True)


def _checked(key: bytes, otherwise: str) -> bytes:
    try:
        Fernet(key)
    except ValueError as problem:
        raise ResumeKeyError(otherwise) from problem
    return key
