"""How to reach an agent's server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from voicegraph.graph.settings import Duration, Header, Secret, Settings, revealed


def _is_base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("an address begins with http:// or https://")
    return url.rstrip("/")


class ServerSettings(Settings):
    """The base of the settings of agents that are a server of the user's."""

    base_url: Annotated[str, AfterValidator(_is_base)]
    """Where the server is."""
    api_key: Secret | None = None
    """Sent as `Authorization: Bearer …`."""
    headers: Mapping[str, Header] = Field(default_factory=dict)
    """More headers for each request; what is a key is written ${NAME}."""
    first_token: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the server may be silent, before its answer and in it."""

    def sent(self) -> dict[str, str]:
        """The headers of a request."""
        bearer = {"Authorization": f"Bearer {self.api_key.get_secret_value()}"} if self.api_key else {}
        return bearer | revealed(self.headers)
