"""For all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from voicegraph.server.resume_key import VARIABLE


@pytest.fixture(autouse=True, scope="session")
def _no_key_in_the_users_home() -> Iterator[None]:
    """Servers that tests start would make one there."""
    os.environ[VARIABLE] = Fernet.generate_key().decode()
    yield
    del os.environ[VARIABLE]
