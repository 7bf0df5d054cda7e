"""How servers of other protocols than SmallWebRTC are called."""

from __future__ import annotations

import secrets

import aiohttp

from voicegraph.testing.caller import Offer


def over_fastrtc(url: str) -> Offer:
    """FastRTC's: `POST {url}/webrtc/offer`, with an id of the caller's own choosing. Raises RuntimeError with what it answers when it refuses."""

    async def offer(sdp: str, _restart: bool) -> str:
        body = {"sdp": sdp, "type": "offer", "webrtc_id": secrets.token_hex(8)}
        async with aiohttp.ClientSession() as session, session.post(f"{url}/webrtc/offer", json=body) as response:
            answer = await response.json()
        if "sdp" not in answer:
            raise RuntimeError(f"FastRTC refused the call: {answer}")
        return str(answer["sdp"])

    return offer
