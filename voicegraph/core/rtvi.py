"""RTVI messages: the JSON that client and server exchange over the data channel.

The envelope is `{"id", "label": "rtvi-ai", "type", "data"}` (RTVI 2.1, docs.pipecat.ai, "RTVI standard"). Beside it the channel carries SmallWebRTC's
signalling, `{"type": "signalling", "message": {"type": …}}`, and its keep-alive, the plain text `ping: <ms>`. docs/protocol.md lists all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = "2.1.0"
"""Of the protocol, as told in `bot-ready`."""
LABEL = "rtvi-ai"
SIGNALLING = "signalling"
PING = "ping"
"""What the text of a keep-alive begins with."""


def message(type: str, data: Mapping[str, Any] | None = None, id: str | None = None) -> dict[str, Any]:
    """A message to the client. `id`: that of the request it answers. What is not given is left out."""
    envelope: dict[str, Any] = {"label": LABEL, "type": type}
    if id is not None:
        envelope["id"] = id
    if data is not None:
        envelope["data"] = dict(data)
    return envelope


def bot_ready(id: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `client-ready`. `about`: what the server says of itself, JSON-ready."""
    return message("bot-ready", {"version": VERSION, "about": dict(about)}, id)


def error(sentence: str, *, fatal: bool = False) -> dict[str, Any]:
    """A problem that the caller should know of. `fatal`: the call ends. The words stand twice because the field has two names for them."""
    return message("error", {"error": sentence, "message": sentence, "fatal": fatal})


def error_response(id: str, sentence: str) -> dict[str, Any]:
    """The request of this id cannot be met."""
    return message("error-response", {"error": sentence}, id)


def server_response(id: str, t: str, d: Any = None) -> dict[str, Any]:
    """The `client-message` of this id and `t` has been taken: what the SDK's `sendClientRequest` waits for."""
    return message("server-response", {"t": t, "d": d}, id)


def server_message(t: str, d: Any = None) -> dict[str, Any]:
    """What RTVI has no word for; `t` and `d` are listed in docs/protocol.md."""
    return message("server-message", {"t": t, "d": d})


def signal(type: str, **fields: Any) -> dict[str, Any]:
    """SmallWebRTC signalling to the client, such as `peerLeft`."""
    return {"type": SIGNALLING, "message": {"type": type, **fields}}


def parse(text: str) -> dict[str, Any]:
    """A message of the client, checked: an RTVI message has a string `id` and a mapping `data` (both empty when they were missing),
    a signalling one a mapping `message` with a `type`.

    Raises ValueError with a sentence that says what is wrong with it.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ValueError("This message is not JSON.") from problem
    if not _is_unicode(found, text):
        raise ValueError("This message has half of a surrogate pair in it, which is no character.")
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise ValueError('A message is a JSON object with a "type".')
    return _signalling(found) if found["type"] == SIGNALLING else _rtvi(found)


def _is_unicode(found: Any, text: str) -> bool:
    """Whether its strings can be sent on: JSON may spell halves of surrogate pairs (RFC 8259, 8.2), which UTF-8 cannot."""
    try:
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _signalling(found: dict[str, Any]) -> dict[str, Any]:
    inner = found.get("message")
    if not isinstance(inner, dict) or not isinstance(inner.get("type"), str):
        raise ValueError('A signalling message carries a "message" with a "type".')
    return {"type": SIGNALLING, "message": inner}


def _rtvi(found: dict[str, Any]) -> dict[str, Any]:
    type, label, id, data = found["type"], found.get("label"), found.get("id"), found.get("data")
    if label != LABEL:
        raise ValueError(f'"{type[:40]}" needs "label": "{LABEL}".')
    if not isinstance(id, str | int | None):
        raise ValueError(f'The "id" of "{type[:40]}" must be a string.')
    if not isinstance(data, dict | None):
        raise ValueError(f'The "data" of "{type[:40]}" must be an object.')
    return {"id": "" if id is None else str(id), "label": LABEL, "type": type, "data": data or {}}
