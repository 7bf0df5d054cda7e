"""The callers' process: `python -m benchmarks.callers URL`. Orders come as lines of JSON on stdin, findings go out the same way.

{"do": "grow", "to": 5}            more callers, until there are so many       → {"connected": [seconds of each new one]}
{"do": "quiet" | "ask" | "converse"}    nobody speaks; everybody asks once, now; everybody asks again and again, each at a time of his own → {}
{"do": "measure", "seconds": 10}   what comes in that time                     → `Heard` as an object
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import chain, cycle, islice
from typing import Any

from benchmarks.callers.call import LeanCall
from benchmarks.callers.lateness import percentile, replies
from benchmarks.callers.microphone import cycle as cycle_of
from benchmarks.callers.microphone import quiet
from benchmarks.processes import ASKED
from voicegraph.testing.caller import over_http
from voicegraph.testing.speech import speak, trimmed

RATE = 16_000
GOLDEN = 0.618034
"""The n-th caller is ahead by n times this share of a cycle: however many they are, they speak at evenly spread times."""


class Callers:
    def __init__(self, url: str) -> None:
        self._url = url
        self._calls: list[LeanCall] = []
        self._asking = cycle_of(trimmed(speak(ASKED, RATE)), RATE)
        self._quiet = quiet()
        self._conversing = False

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order:
            case {"do": "grow", "to": int(number)}:
                return {"connected": [await self._connect() for _ in range(number - len(self._calls))]}
            case {"do": "measure", "seconds": seconds}:
                return await self._measure(float(seconds))
            case {"do": str(what)}:
                self._conversing = what == "converse"
                for n, call in enumerate(self._calls):
                    call.speak(self._ask() if what == "ask" else self._microphone(n))
        return {}

    def _microphone(self, n: int) -> Iterator[bytes]:
        if not self._conversing:
            return cycle(self._quiet)
        ahead = round(n * GOLDEN % 1.0 * len(self._asking))
        return islice(cycle(self._asking), ahead, None)

    def _ask(self) -> Iterator[bytes]:
        return chain(self._asking, cycle(self._quiet))

    async def _connect(self) -> float:
        call = LeanCall()
        await call.connect(over_http(self._url), self._microphone(len(self._calls)))
        self._calls.append(call)
        return call.connected

    async def _measure(self, seconds: float) -> dict[str, Any]:
        for call in self._calls:
            call.forget()
        began, used = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        share = (time.process_time() - used) / (time.monotonic() - began)
        taken = [call.taken() for call in self._calls]
        sent_late = [late for call in self._calls for late in call.sent_late]
        heard = []
        for call, packets in zip(self._calls, taken, strict=True):
            heard.append(replies(call.decoded(packets)))
            await asyncio.sleep(0)  # so that the microphones do not wait for all of it
        flat = [reply for each in heard for reply in each]
        return {
            "calls": len(self._calls),
            "silent_calls": sum(not each for each in heard),
            "late": [round(late, 5) for reply in flat for late in reply.late],
            "missing": round(sum(reply.missing for reply in flat), 4),
            "spoken": round(sum(reply.seconds for reply in flat), 3),
            "lost": sum(reply.lost for reply in flat),
            "sent_late": percentile(sent_late, 0.99),
            "share": share,
        }

    async def hang_up(self) -> None:
        await asyncio.gather(*(call.hang_up() for call in self._calls), return_exceptions=True)


async def _main(url: str) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    callers = Callers(url)
    gc.freeze()
    try:
        async for line in lines:
            try:
                found = await callers.obey(json.loads(line))
            except Exception as problem:  # noqa: BLE001  # whatever a program under load answers: the ramp has come to its end
                found = {"problem": f"{type(problem).__name__}: {problem}"}
            print(json.dumps(found), flush=True)
    finally:
        await callers.hang_up()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
