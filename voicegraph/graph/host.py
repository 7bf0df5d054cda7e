"""What all calls of a process share: clients with their connections, engines with their models."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from voicegraph.graph.processor import Shared

S = TypeVar("S", bound=Shared)
CLOSE_LIMIT = 2.0

log = logging.getLogger(__name__)


class Host:
    """One per process: `async with Host() as host`. Resources are made on first use and closed together."""

    def __init__(self) -> None:
        self._shared: dict[Callable[[], Any], Shared] = {}

    def shared(self, make: Callable[[], S]) -> S:
        """The one instance that `make` (usually a class) gives in this process."""
        if make not in self._shared:
            self._shared[make] = make()
        resource: S = self._shared[make]  # type: ignore[assignment]  # the key is what made the value
        return resource

    async def close(self) -> None:
        """Close every resource, each within a limit; one that fails does not keep the others open."""
        resources, self._shared = list(self._shared.values()), {}
        results = await asyncio.gather(*(asyncio.wait_for(each.close(), CLOSE_LIMIT) for each in resources), return_exceptions=True)
        for resource, result in zip(resources, results, strict=True):
            if isinstance(result, BaseException):
                log.warning("%s did not close: %r", type(resource).__name__, result)

    async def __aenter__(self) -> Host:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
