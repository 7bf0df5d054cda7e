"""Who runs the calls of a server: one worker in its own process, or a fleet of processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voicegraph.core.ports import shares
from voicegraph.server.app import Staff
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.options import Options
from voicegraph.server.setup import Setup
from voicegraph.server.workshop import open_workshop


def staff_for(catalogue: Catalogue, options: Options, resume_key: bytes) -> Callable[[Calls], Staff]:
    """Makes the staff once the calls are there that it is to join. What neither needs of the other is not imported."""
    if options.workers > 1:
        from voicegraph.server.fleet import Fleet

        setups = _setups(catalogue, options, resume_key)
        return lambda calls: Fleet(calls, setups)

    from voicegraph.rtc.reach import Reach
    from voicegraph.server.local import LocalStaff
    from voicegraph.server.resume import Tokens

    reach, tokens = Reach(options.ice_servers, options.public_addresses), Tokens(resume_key, options.resume_limit)
    workshop = open_workshop(catalogue, options.dev)
    return lambda calls: LocalStaff(calls, catalogue, reach, tokens, workshop)


def loop_for(options: Options) -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loop of the server's own process: one that knows the UDP ports where calls run in it."""
    if options.workers > 1:
        return asyncio.new_event_loop

    from voicegraph.rtc.ports import new_loop

    return lambda: new_loop(options.udp_ports)


def _setups(catalogue: Catalogue, options: Options, resume_key: bytes) -> list[Setup]:
    ports = [None] * options.workers if options.udp_ports is None else [(each[0], each[-1]) for each in shares(options.udp_ports, options.workers)]
    return [
        Setup(
            name=f"worker {number}",
            graphs=catalogue.files,
            default=catalogue.chosen,
            why=catalogue.chosen_because,
            folder=catalogue.folder,
            ice_servers=options.ice_servers,
            public_addresses=options.public_addresses,
            udp_ports=share,
            resume_key=resume_key.decode(),
            resume_limit=options.resume_limit,
            log_level=logging.getLogger("voicegraph").getEffectiveLevel(),
        )
        for number, share in enumerate(ports, 1)
    ]
