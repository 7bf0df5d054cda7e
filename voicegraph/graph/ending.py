"""Ending what others have written: every wait has a limit, so that one stubborn task cannot keep a call or a process open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

CANCEL_LIMIT = 0.1
CANCEL_ROUNDS = 5
"""A task that swallows its cancellation is cancelled again, this often, and then broken off with a warning."""

log = logging.getLogger(__name__)


async def cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until they are done, a limited number of times; one that is being cancelled already may go on cleaning up for the first.

    What they raise meanwhile is of no interest any more."""
    tasks = list(tasks)
    pending = {task for task in tasks if not task.done()}
    for again in range(CANCEL_ROUNDS):
        if not pending:
            break
        for task in pending:
            if again or not task.cancelling():
                task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_LIMIT)
    if pending:
        for task in pending:
            log.warning("task %s does not let itself be cancelled", task.get_name())
            _break_off(task)
        _, pending = await asyncio.wait(pending, timeout=CANCEL_LIMIT)
    for task in tasks:
        if task not in pending and not task.cancelled():
            task.exception()  # retrieved, or asyncio would complain of it


def _break_off(task: asyncio.Task[None]) -> None:
    """Close its coroutine where it waits: code that swallows CancelledError seldom swallows GeneratorExit too.

    Without this the process could not end, since `asyncio.run` waits for every task."""
    work = task.get_coro()
    try:
        if isinstance(work, Coroutine):
            work.close()
    except Exception as problem:  # noqa: BLE001  # what its last `finally` raises, or that it has swallowed this as well
        log.warning("task %s does not end: %r", task.get_name(), problem)
    task.cancel()  # wakes it, so that it finds its coroutine closed


async def close_all(closing: Mapping[str, Coroutine[Any, Any, None]], limit: float) -> None:
    """Run every close(), by the name of what it closes, all within `limit` seconds. One that fails or hangs does not keep the others open.

    Not with `wait_for`, which waits without limit for what swallows its cancellation."""
    tasks = {asyncio.create_task(close, name=f"close {name}"): name for name, close in closing.items()}
    if not tasks:
        return
    done, pending = await asyncio.wait(tasks, timeout=limit)
    for task in done:
        if task.cancelled() or task.exception() is not None:
            log.warning("%s did not close: %r", tasks[task], None if task.cancelled() else task.exception())
    for task in pending:
        log.warning("%s did not close within %g s", tasks[task], limit)
    await cancel(pending)
