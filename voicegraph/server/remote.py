"""A worker in a process of its own, as the front sees it."""

from __future__ import annotations

import asyncio
import base64
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from voicegraph.core.sound import Pcm
from voicegraph.errors import WorkerLost
from voicegraph.server.bodies import Answer, Candidates, Choice, Offer
from voicegraph.server.link import Asking, Fields, Line
from voicegraph.server.setup import SETUP, Setup
from voicegraph.server.worker import Told

START_LIMIT = 30.0
"""Seconds that a new process has to be ready."""
PULSE, PULSE_LIMIT = 2.0, 10.0
"""Seconds between two signs of life that are asked for, and that a worker has to give one: its callers would hear nothing for as long."""
EXIT_LIMIT = 2.0
"""Seconds that a process has to end once its line is closed, with the calls ended before."""


class RemoteWorker:
    """A `Worker`. Open it; `gone()` waits for its death; `stop()` in any case."""

    def __init__(self, name: str, process: Process, line: Line, told: Told, on_gone: Callable[[RemoteWorker], object]) -> None:
        self.name = name
        self.pid = process.pid
        self.loop: Mapping[str, float] = {}
        self._process = process
        self._told = told
        self._on_gone = on_gone
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._link = Asking(line, self._note, self._gone)

    @classmethod
    async def open(cls, setup: Setup, told: Told, on_gone: Callable[[RemoteWorker], object]) -> RemoteWorker:
        """Start the process and wait until it takes calls. Raises WorkerLost when it ends before.

        Spawned and not forked: threads, sockets and libraries of the front do not survive a fork. In a session of its own, so that Ctrl-C in the
        terminal reaches the front alone.
        """
        ours, theirs = socket.socketpair()
        with theirs, _closed_on_failure(ours):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "voicegraph.server.worker_process", str(theirs.fileno())),
                stdin=DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        line = await Line.open(ours)
        worker = cls(setup.name, process, line, told, on_gone)
        line.send(**SETUP.dump_python(setup, mode="json"))
        gone = asyncio.create_task(worker._link.gone())
        try:
            await asyncio.wait([worker._ready, gone], timeout=START_LIMIT, return_when=asyncio.FIRST_COMPLETED)
            if not worker._ready.done():
                raise WorkerLost(f"its process ended before it was ready, {await worker.stop()}")
        except asyncio.CancelledError:
            worker._kill()  # it does not look at its line yet
            await worker.stop()
            raise
        finally:
            gone.cancel()
        return worker

    # --- the Worker ----------------------------------------------------------------------------------------------------------------

    async def first(self, id: str, offer: Offer, choice: Choice) -> Answer:
        return Answer(**await self._link.ask("first", id=id, offer=_json(offer), choice=_json(choice)))

    async def again(self, id: str, offer: Offer) -> Answer:
        return Answer(**await self._link.ask("again", id=id, offer=_json(offer)))

    async def candidates(self, id: str, body: Candidates) -> None:
        await self._link.ask("candidates", id=id, body=_json(body))

    async def end(self, id: str, reason: str) -> None:
        await self._link.ask("end", id=id, reason=reason)

    async def voice(self, id: str, pcm: Pcm) -> None:
        await self._link.ask("voice", id=id, pcm=base64.b64encode(pcm.tobytes()).decode())

    async def recording(self, id: str) -> Path | None:
        path = await self._link.ask("recording", id=id)
        return None if path is None else Path(path)

    async def close(self, reason: str) -> None:
        await self._link.ask("close", reason=reason)

    # --- its life ------------------------------------------------------------------------------------------------------------------

    async def gone(self) -> None:
        """Wait until it is dead, or so stuck that it gives no sign of life: then it is killed."""
        pulse = asyncio.create_task(self._feel_pulse(), name=f"pulse of {self.name}")
        try:
            await self._link.gone()
        finally:
            pulse.cancel()

    async def _feel_pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            try:
                async with asyncio.timeout(PULSE_LIMIT):
                    self.loop = await self._link.ask("pulse")
            except TimeoutError:
                self._kill()
            except WorkerLost:
                return

    async def stop(self) -> str:
        """Let it end, by force where it does not; how it ended."""
        self._link.close()
        try:
            async with asyncio.timeout(EXIT_LIMIT):
                await self._process.wait()
        except TimeoutError:
            self._kill()
        code = await self._process.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _kill(self) -> None:
        with suppress(ProcessLookupError):  # it was quicker
            self._process.kill()

    def _gone(self) -> None:
        self._on_gone(self)

    def _note(self, what: str, fields: Fields) -> None:
        match what:
            case "ready":
                self._ready.set_result(None)
            case "over":
                self._told.over(fields["id"])
            case "token":
                self._told.token(fields["id"], fields["token"])


@contextmanager
def _closed_on_failure(end: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        end.close()
        raise


def _json(body: Offer | Choice | Candidates) -> Fields:
    return body.model_dump(mode="json", by_alias=True, exclude_none=True)
