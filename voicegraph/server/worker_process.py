"""The process of a worker: `python -m voicegraph.server.worker_process FD`, where FD is its end of the line to the front.

It ends when that line does: the front has no other way to end it, and a front that was killed needs none.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import signal
import socket
import sys
from functools import partial
from typing import Any

import numpy as np

from voicegraph.graph.host import Host
from voicegraph.rtc.ports import new_loop
from voicegraph.rtc.reach import Reach
from voicegraph.server.bodies import Candidates, Choice, Offer
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.link import Answering, Fields, Line
from voicegraph.server.local import LocalWorker, warming
from voicegraph.server.resume import Tokens
from voicegraph.server.setup import SETUP, Setup
from voicegraph.server.worker import Told

FRONT_GONE = "The server has stopped."


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to a whole group of processes: the front decides what becomes of the calls
        signal.signal(number, _leave_it_to_the_front)  # not SIG_IGN, which programs that nodes start would inherit
    end = socket.socket(fileno=int(sys.argv[1]))
    told = _first_line(end)
    if not told:
        return  # the front is gone already
    setup = SETUP.validate_json(told)
    logging.basicConfig(format=f"%(asctime)s {setup.name} %(levelname)s %(name)s: %(message)s")
    logging.getLogger("voicegraph").setLevel(setup.log_level)
    ports = None if setup.udp_ports is None else range(setup.udp_ports[0], setup.udp_ports[1] + 1)
    with asyncio.Runner(loop_factory=lambda: new_loop(ports)) as runner:
        runner.run(_work(end, setup))


async def _work(end: socket.socket, setup: Setup) -> None:
    catalogue = Catalogue(setup.graphs, setup.default, setup.why, folder=setup.folder)
    link = Answering(await Line.open(end))
    told = Told(over=lambda id: link.note("over", id=id), token=lambda id, token: link.note("token", id=id, token=token))
    async with Host() as host:
        reach = Reach(setup.ice_servers, setup.public_addresses)
        worker = LocalWorker(catalogue, host, reach, Tokens(setup.resume_key.encode(), setup.resume_limit), told)
        rest = await warming(catalogue, host)
        link.note("ready")
        await link.run(partial(_answer, worker))
        rest.cancel()
        await worker.close(FRONT_GONE)


async def _answer(worker: LocalWorker, what: str, fields: Fields) -> Any:
    match what, fields:
        case "first", {"id": id, "offer": offer, "choice": choice}:
            answer = await worker.first(id, Offer.model_validate(offer), Choice.model_validate(choice))
            return {"sdp": answer.sdp, "pc_id": answer.pc_id}
        case "again", {"id": id, "offer": offer}:
            answer = await worker.again(id, Offer.model_validate(offer))
            return {"sdp": answer.sdp, "pc_id": answer.pc_id}
        case "candidates", {"id": id, "body": body}:
            return await worker.candidates(id, Candidates.model_validate(body))
        case "end", {"id": id, "reason": reason}:
            return await worker.end(id, reason)
        case "voice", {"id": id, "pcm": pcm}:
            return await worker.voice(id, np.frombuffer(base64.b64decode(pcm), np.int16))
        case "recording", {"id": id}:
            path = await worker.recording(id)
            return None if path is None else str(path.resolve())
        case "close", {"reason": reason}:
            return await worker.close(reason)
        case "pulse", _:
            return worker.loop
    raise ValueError(f"a worker does not know how to '{what}'")


def _first_line(end: socket.socket) -> bytes:
    """The setup, before there is an event loop: its kind depends on it. The front sends nothing else until the worker is ready."""
    found = b""
    while not found.endswith(b"\n") and (piece := end.recv(1 << 16)):
        found += piece
    return found


def _leave_it_to_the_front(number: int, frame: object) -> None:  # as signal.signal calls it
    """Nothing."""


if __name__ == "__main__":
    main()
