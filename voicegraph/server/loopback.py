"""Who may reach a server in developer mode: this machine, by a name of this machine.

Listening on a loopback address is not enough. A page of any site may have its own host name resolve to 127.0.0.1 (DNS rebinding) and then speaks
to us as "same origin"; its requests still carry that name in `Host`, so the name is what is checked.
"""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import hdrs, web
from yarl import URL

from voicegraph.server.web_rules import Handler, authority, refusal

FOREIGN_HOST = "In developer mode this server answers to names of this machine only, such as http://localhost and http://127.0.0.1."
FOREIGN_PAGE = "Only this server's own page may look into graphs and change them."


def is_loopback(host: str) -> bool:
    """Whether this is `localhost` or an address such as 127.0.0.1 or ::1, in the form of a host in a URL or of an address."""
    name = host.strip("[]")
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse every request that was not sent to a name of this machine."""
    return await handler(request) if is_loopback(_hostname(request.host)) else refusal(403, FOREIGN_HOST)


def is_own_page(request: web.Request) -> bool:
    """Whether the request comes from a page of this very server, or from no page at all (curl). `--allow-origin` makes no difference here."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    return authority(origin) == request.host.lower()


def _hostname(host: str) -> str:
    """Without the port. An address of IPv6 keeps its brackets."""
    try:
        return URL.build(scheme="http", authority=host).host or ""
    except ValueError:
        return ""
