"""A chat request as plain JSON, sent with the SDK's own means.

`chat.stream_async` turns every message of the history into a model and back: 15 to 20 ms for forty messages, in which the event loop stands still
for all calls. The body is plain already. Address, key, retries, errors and connections stay the SDK's. This module alone leans on a private method of
the SDK's (`_build_request_async`); where that is not as it is known, `stream_async` is used.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import httpx2
    from mistralai.client.chat import Chat

PATH = "/v1/chat/completions#stream"
RETRIED = ["429", "500", "502", "503", "504"]
"""The statuses that the SDK tries again, as its own methods have them."""
_BUILD = "_build_request_async"
_TAKES = frozenset(
    "method path base_url url_variables request request_body_required request_has_path_params request_has_query_params user_agent_header "
    "accept_header_value security timeout_ms get_serialized_body".split()
)


class Stream(Protocol):
    """A streamed answer, closed when the block is left."""

    @property
    def response(self) -> httpx2.Response: ...

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None: ...


class Opened:
    """`Stream` of a bare response: leaving it closes the connection, unless the answer was read to its end."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.response.aclose()


async def stream_chat(chat: Chat, body: Mapping[str, Any]) -> Stream:
    """body: what `chat.stream_async` takes, without what is None. Raises what that raises."""
    given: Any = {name: value for name, value in body.items() if value is not None}
    return Opened(await _send(chat, given)) if fits(chat) else await chat.stream_async(**given)


def fits(chat: Chat) -> bool:
    """Whether this SDK builds its requests as it is known to."""
    return _parameters(getattr(type(chat), _BUILD, None)) >= _TAKES


@cache
def _parameters(method: Callable[..., Any] | None) -> frozenset[str]:
    return frozenset() if method is None else frozenset(inspect.signature(method).parameters)


async def _send(chat: Chat, body: Mapping[str, Any]) -> httpx2.Response:
    from mistralai.client._hooks import HookContext
    from mistralai.client.errors import SDKError
    from mistralai.client.models import Security
    from mistralai.client.utils import RetryConfig, get_security_from_env, stream_to_text_async
    from mistralai.client.utils.requestbodies import SerializedRequestBody

    configuration = chat.sdk_configuration
    content = json.dumps({**body, "stream": True}).encode()
    request = getattr(chat, _BUILD)(
        method="POST",
        path=PATH,
        base_url=None,
        url_variables=None,
        request=None,
        request_body_required=True,
        request_has_path_params=False,
        request_has_query_params=False,
        user_agent_header="user-agent",
        accept_header_value="text/event-stream",
        security=configuration.security,
        timeout_ms=configuration.timeout_ms,
        get_serialized_body=lambda: SerializedRequestBody("application/json", content),
    )
    retries = configuration.retry_config
    source = get_security_from_env(configuration.security, Security)
    response = await chat.do_request_async(
        HookContext(
            configuration, base_url="", operation_id="stream_chat", oauth2_scopes=None, security_source=source, tags=["chat"], extensions=None
        ),
        request=request,
        is_error_status_code=lambda status: status >= 400,
        stream=True,
        retry_config=(retries, RETRIED) if isinstance(retries, RetryConfig) else None,
    )
    if response.status_code >= 400:
        raise SDKError("API error occurred", response, await stream_to_text_async(response))
    return response
