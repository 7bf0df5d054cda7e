"""What all calls of a process share: clients with their connections, engines with their models."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from voicegraph.graph.ending import close_all
from voicegraph.graph.processor import S, Shared

CLOSE_LIMIT = 2.0


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
        await close_all({f"{type(resource).__name__} {index}": resource.close() for index, resource in enumerate(resources)}, CLOSE_LIMIT)

    async def __aenter__(self) -> Host:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
