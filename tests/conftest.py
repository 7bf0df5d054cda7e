"""For all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from hypothesis import settings

from voicegraph.server.resume_key import VARIABLE

settings.register_profile("no stopwatch", deadline=None)  # how fast an example runs is the machine's affair, and no property of the code
settings.load_profile("no stopwatch")


@pytest.fixture(autouse=True, scope="session")
def _no_key_in_the_users_home() -> Iterator[None]:
    """Servers that tests start would make one there."""
    os.environ[VARIABLE] = Fernet.generate_key().decode()
    yield
    del os.environ[VARIABLE]
