"""What the tests of the loopback Mistral share: the SDK's client as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from mistralai.client import Mistral


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[..., Mistral]]:
    """Makes clients, and closes them after the test."""
    async with AsyncExitStack() as clients:

        def client_of(url: str, key: str = "any", **options: Any) -> Mistral:
            client = Mistral(api_key=key, server_url=url, **options)
            clients.push_async_exit(client)
            return client

        yield client_of
