"""Saved voices: `POST /v1/audio/voices`, and `DELETE /v1/audio/voices/{id}`. Speech may be asked for in them, as in the scripted ones."""

from __future__ import annotations

import base64
import binascii

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.refusals import bad_request, missing
from voicegraph.testing.mistral.stream import WholeAnswer
from voicegraph.testing.mistral.visit import Visit

SAVED = web.AppKey("saved voices", dict[str, Event])
"""By id, as long as the server runs."""


async def voices(visit: Visit) -> web.StreamResponse:
    """Serve one request. Raises Refusal."""
    saved, id = visit.request.app[SAVED], visit.request.match_info.get("id")
    if id is None:
        voice = _made(visit)
        saved[voice["id"]] = voice
    elif id in saved:
        voice = saved.pop(id)
    else:
        raise bad_request(f"Voice not found: {id}", status=404)
    visit.opened()
    answer = WholeAnswer(visit)
    await answer.open()
    await answer.send(voice)
    visit.finish()
    return answer.response


def _made(visit: Visit) -> Event:
    body = visit.body
    for required in ("name", "sample_audio"):
        if not body.get(required):
            raise missing(required)
    try:
        base64.b64decode(body["sample_audio"], validate=True)
    except binascii.Error:
        raise bad_request("sample_audio is not base64") from None
    kept = {"retention_notice": body.get("retention_notice", 30), "languages": body.get("languages") or []}
    return {"id": f"saved-{visit.number}", "name": body["name"], "type": "custom", "created_at": "2026-11-25T12:00:00Z", "user_id": None, **kept}
