"""The network between a page and its server, which a test can take away: every packet of a call goes through here."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field

from playwright.async_api import Page, Route

CANDIDATE = re.compile(r"(a=candidate:\S+ \d+ udp \d+) (\S+) (\d+) (typ host.*)")


class _Relay(asyncio.DatagramProtocol):
    """One UDP port in place of the server's: what comes from the server goes to whoever wrote last, everything else to the server."""

    def __init__(self, network: Network, server: tuple[str, int]) -> None:
        self._network = network
        self._server = server
        self._client: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self._network.down:
            return
        if address != self._server:
            self._client = address
            self._transport.sendto(data, self._server)
        elif self._client is not None:
            self._transport.sendto(data, self._client)


@dataclass  # no slots: Playwright keeps its own attributes on an object whose method handles a route
class Network:
    """`await network.between(page)` before the call. `down`: packets are lost, and HTTP requests fail as without a network."""

    down: bool = False
    ports: list[asyncio.DatagramTransport] = field(default_factory=list)

    async def between(self, page: Page) -> None:
        await page.route("**/api/offer", self._signal)
        await page.route("**/start", self._signal)

    async def _signal(self, route: Route) -> None:
        if self.down:
            await route.abort("internetdisconnected")
        elif route.request.method == "PATCH":  # the server must not learn a way around
            await route.fulfill(json={"status": "success"})
        elif route.request.method == "DELETE" or route.request.url.endswith("/start"):
            await route.continue_()
        else:
            response = await route.fetch()
            body = await response.text()
            if response.ok:
                answer = json.loads(body)
                body = json.dumps(answer | {"sdp": await self._through_here(answer["sdp"])})
            await route.fulfill(response=response, body=body)

    async def _through_here(self, sdp: str) -> str:
        """The answer with this network's port as the server's only address."""
        lines = sdp.splitlines()
        found = next(match for line in lines if (match := CANDIDATE.fullmatch(line)) and ":" not in match[2])
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Relay(self, (found[2], int(found[3]))), ("0.0.0.0", 0))
        self.ports.append(transport)
        port = transport.get_extra_info("sockname")[1]
        others = [line for line in lines if not line.startswith("a=candidate:")]
        at = others.index(next(line for line in others if line.startswith("a=ice-ufrag")))
        return "\r\n".join([*others[:at], f"{found[1]} 127.0.0.1 {port} typ host", *others[at:], ""])

    def close(self) -> None:
        for transport in self.ports:
            transport.close()
