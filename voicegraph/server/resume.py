"""Resume tokens: what a conversation needs to go on elsewhere, sealed, in the hands of its caller. The server stores no words.

A token is a Fernet token (github.com/fernet/spec: AES-128-CBC and HMAC-SHA256, with a time stamp) of `{"graph": name, "nodes": {node: entries}}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from voicegraph.graph.memory import Memory, shorter
from voicegraph.server.options import RESUME_LIMIT

MAX_TOKEN = 32 * 1024
"""Characters: half of what a message of the data channel or the body of a request may have. A longer one loses its oldest exchanges."""

NOT_OURS = "The token is not from this server, or the server's key has changed."


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a token gives: the memory to go on from, or the reason for which there is none."""

    memory: Memory = field(default_factory=dict)
    reason: str = ""


class Tokens:
    """Seals and opens. key: as `Fernet.generate_key` gives it; ValueError for another. lifetime: seconds. All times are Unix time, which machines
    share."""

    def __init__(self, key: bytes, lifetime: float = RESUME_LIMIT) -> None:
        self._fernet = Fernet(key)
        self._lifetime = lifetime

    def seal(self, graph: str, memory: Memory, now: float) -> str:
        """The token of this moment, of MAX_TOKEN characters at most."""
        while len(token := self._seal(graph, memory, now)) > MAX_TOKEN and memory:
            memory = shorter(memory)
        return token

    def _seal(self, graph: str, memory: Memory, now: float) -> str:
        text = json.dumps({"graph": graph, "nodes": memory}, ensure_ascii=False, separators=(",", ":"))
        return self._fernet.encrypt_at_time(text.encode("utf-8", "replace"), int(now)).decode()

    def open(self, token: str, graph: str, now: float) -> Resumption:
        """What a call of this graph may go on from. Never raises, whatever the token is: it comes from outside."""
        try:
            sealed = self._fernet.extract_timestamp(token)  # raises for what we did not make, so that all below is our own
            text = self._fernet.decrypt(token)
        except (InvalidToken, ValueError):
            return Resumption(reason=NOT_OURS)
        if now > sealed + self._lifetime:
            return Resumption(reason=f"The conversation was interrupted for too long (more than {self._lifetime:g} s).")
        found = json.loads(text)
        if found["graph"] != graph:
            return Resumption(reason=f"That conversation was one of the graph '{found['graph']}'.")
        return Resumption(found["nodes"])
