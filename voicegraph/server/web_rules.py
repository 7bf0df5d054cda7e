"""What holds for every answer: errors as JSON with a sentence, which other sites' pages may call, and what the browser may load."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from yarl import URL

from voicegraph.errors import BadRequest

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: it needs its own files and this server, nothing from any other host."""
SECURITY = {
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""For every answer, whoever made the page: it may have the microphone."""

log = logging.getLogger(__name__)


def refusal(status: int, sentence: str, retry_after: int | None = None) -> web.Response:
    """An error as the clients show it: they look for `info` first, then for `detail`. retry_after: seconds."""
    headers = None if retry_after is None else {hdrs.RETRY_AFTER: str(retry_after)}
    return web.json_response({"detail": sentence, "info": sentence}, status=status, headers=headers)


@web.middleware
async def sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a status with a sentence."""
    try:
        return await handler(request)
    except BadRequest as problem:
        return refusal(problem.status, str(problem), problem.retry_after)
    except web.HTTPException as problem:
        if problem.status < 400:
            raise
        answer = refusal(problem.status, _http_sentence(problem, request))
        if hdrs.ALLOW in problem.headers:
            answer.headers[hdrs.ALLOW] = problem.headers[hdrs.ALLOW]
        return answer
    except Exception:  # the edge of the program: a bug in one request is logged and must not reach the client as a stack trace
        log.exception("%s %s failed", request.method, request.path)
        return refusal(500, "Something went wrong inside the server. Its log says more.")


def _http_sentence(problem: web.HTTPException, request: web.Request) -> str:
    match problem.status:
        case 404:
            return f"There is nothing at {request.path}."
        case 405:
            return f"{request.method} is not possible at {request.path}."
        case 413:
            return f"The body is too large: at most {request.client_max_size // 1024} KiB."
    return f"{problem.reason}."


def cross_origin(allowed: Collection[str]) -> Middleware:
    """Let the pages of these origins call (`*`: of all), besides the server's own; refuse the others before anything is done for them."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or authority(origin) == request.host.lower():
            return await handler(request)
        if "*" not in allowed and origin not in allowed:
            return refusal(403, f"Pages of {origin} may not call here. Start the server with --allow-origin {origin} to let them.")
        preflight = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        answer = web.Response(status=204) if preflight else await handler(request)
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        answer.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = hdrs.RETRY_AFTER
        answer.headers[hdrs.VARY] = hdrs.ORIGIN
        if preflight:
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, PATCH, DELETE"
            asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = asked  # a proxy in front may want an Authorization
            answer.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "600"
        return answer

    return middleware


def authority(origin: str) -> str:
    """Host and port as the Host header has them. The scheme is left out: behind a proxy that ends TLS it differs."""
    try:
        return URL(origin).authority.lower()
    except ValueError:
        return ""


async def secure(_request: web.Request, response: web.StreamResponse) -> None:
    """On `app.on_response_prepare`."""
    response.headers.update(SECURITY)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache")


async def shut_in(_request: web.Request, response: web.StreamResponse) -> None:
    """On `app.on_response_prepare` where the page is our own: it loads nothing from elsewhere."""
    response.headers["Content-Security-Policy"] = CONTENT
