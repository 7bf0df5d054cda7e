"""Stock aiortc: a server that hands the caller's track back, as its documentation's server example does. `python -m benchmarks.peers.aiortc_echo`."""

from __future__ import annotations

import asyncio
import uuid

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

connections: dict[str, RTCPeerConnection] = {}
relay = MediaRelay()


async def offer(request: web.Request) -> web.Response:
    body = await request.json()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    id = str(uuid.uuid4())
    connections[id] = pc

    @pc.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        pc.addTrack(relay.subscribe(track))

    @pc.on("connectionstatechange")
    async def on_state() -> None:
        if pc.connectionState in ("failed", "closed"):
            await pc.close()
            connections.pop(id, None)

    await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], body["type"]))
    await pc.setLocalDescription()
    return web.json_response({"sdp": pc.localDescription.sdp, "type": pc.localDescription.type, "pc_id": id})


async def healthz(_: web.Request) -> web.Response:
    return web.json_response({"tasks": len(asyncio.all_tasks())})


async def main() -> None:
    app = web.Application()
    app.add_routes([web.post("/api/offer", offer), web.get("/healthz", healthz)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
