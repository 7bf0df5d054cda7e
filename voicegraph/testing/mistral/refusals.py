"""HTTP errors in the shapes of the hosted API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

_SHAPES = {
    429: {"message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"},
    500: {"message": "Internal server error", "type": "internal_server_error", "code": "1000"},
    503: {"message": "Service unavailable", "type": "service_unavailable", "code": "1001"},
}


class Refusal(Exception):
    """The request is answered with an HTTP error."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self._body = body
        self._headers = headers

    def response(self) -> web.Response:
        return web.json_response(self._body, status=self.status, headers=self._headers)


def refusal(status: int, retry_after: float | None = None) -> Refusal:
    """The answer with this status: `{"detail": …}` for a refused key, else an error object."""
    headers = None if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    if status == 401:
        return Refusal(401, {"detail": "Unauthorized"}, headers)
    shape = _SHAPES.get(status, {"message": "Request failed", "type": "invalid_request_error", "code": str(status)})
    return Refusal(status, {"object": "error", "param": None, **shape}, headers)


def bad_request(message: str, *, status: int = 400) -> Refusal:
    """The client asked for what there is not."""
    return Refusal(status, {"object": "error", "message": message, "type": "invalid_request_error", "param": None, "code": str(status)})


def missing(field: str) -> Refusal:
    """422, as the SDK reads it into HTTPValidationError."""
    return Refusal(422, {"detail": [{"type": "missing", "loc": ["body", field], "msg": "Field required"}]})
