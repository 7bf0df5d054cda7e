"""The account of the server's lines: which worker has which call, and which takes the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

W = TypeVar("W")


class Slots(Generic[W]):
    """A call holds exactly one slot, of one worker, from `take` until `give` or until its worker leaves. each: slots of one worker."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._calls: dict[W, set[str]] = {}
        """In the order of rotation: whoever has waited longest for a call comes first."""
        self._where: dict[str, W] = {}

    @property
    def taken(self) -> int:
        return len(self._where)

    @property
    def total(self) -> int:
        """Of the workers that are there now."""
        return self._each * len(self._calls)

    @property
    def full(self) -> bool:
        """Whether `take` would find none."""
        return self.taken >= self.total

    def loads(self) -> Mapping[W, int]:
        """How many calls each worker has."""
        return {worker: len(calls) for worker, calls in self._calls.items()}

    def join(self, worker: W) -> None:
        """A new worker, with all of its slots free."""
        if worker in self._calls:
            raise ValueError(f"{worker} is there already")
        self._calls[worker] = set()

    def leave(self, worker: W) -> frozenset[str]:
        """The worker is gone, and its slots with it; the calls that it had. Nothing for one that is not there."""
        lost = frozenset(self._calls.pop(worker, ()))
        for call in lost:
            del self._where[call]
        return lost

    def take(self, call: str) -> W | None:
        """A slot of the worker with the fewest calls, in rotation where several have as few; None when all are taken."""
        if call in self._where:
            raise ValueError(f"call {call} has its slot already")
        worker = min(self._calls, key=lambda each: len(self._calls[each]), default=None)
        if worker is None or len(self._calls[worker]) >= self._each:
            return None
        self._calls[worker] = calls = self._calls.pop(worker)  # to the end of the rotation
        calls.add(call)
        self._where[call] = worker
        return worker

    def give(self, call: str) -> None:
        """The call is over. Without effect when it has no slot: ends are told from several sides."""
        worker = self._where.pop(call, None)
        if worker is not None:
            self._calls[worker].discard(call)

    def where(self, call: str) -> W | None:
        """The worker that has this call."""
        return self._where.get(call)
