"""The server itself: routes, keys, and who gets which behaviour."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from voicegraph.testing.mistral.behaviour import ENDPOINTS, NO_FAULTS, Delays, Endpoint, Event, FaultPlan, Faults, Script
from voicegraph.testing.mistral.chat import chat
from voicegraph.testing.mistral.conversations import KEPT, conversations
from voicegraph.testing.mistral.file_transcription import file_transcription
from voicegraph.testing.mistral.log import Log, R
from voicegraph.testing.mistral.moderation import moderation
from voicegraph.testing.mistral.realtime_speech import realtime_speech
from voicegraph.testing.mistral.refusals import Refusal, bad_request, refusal
from voicegraph.testing.mistral.speech import speech
from voicegraph.testing.mistral.stream import Broken
from voicegraph.testing.mistral.transcription import transcription
from voicegraph.testing.mistral.visit import Visit
from voicegraph.testing.mistral.voices import SAVED, voices

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]

_ROUTES: tuple[tuple[str, str, Endpoint, Handler], ...] = (
    ("GET", "/v1/audio/transcriptions/realtime", "transcription", transcription),
    ("POST", "/v1/audio/transcriptions", "file_transcription", file_transcription),
    ("POST", "/v1/chat/completions", "chat", chat),
    ("POST", "/v1/conversations", "conversations", conversations),
    ("POST", "/v1/conversations/{id}", "conversations", conversations),
    ("POST", "/v1/conversations/{id}/restart", "conversations", conversations),
    ("POST", "/v1/chat/moderations", "moderation", moderation),
    ("POST", "/v1/audio/speech", "speech", speech),
    ("POST", "/v1/audio/voices", "voices", voices),
    ("DELETE", "/v1/audio/voices/{id}", "voices", voices),
    ("GET", "/v1/audio/speech/realtime", "realtime_speech", realtime_speech),
)

REQUEST_ID = "mistral-correlation-id"
"""The header in which an answer says which request it is."""

_REPEATED = ("context_bias", "timestamp_granularities")
"""Fields of a form that are lists: each value comes as a field of its own."""


class MistralServer:
    """Mistral's audio and chat API on 127.0.0.1, for the unmodified `mistralai` client.

    ```python
    async with MistralServer(script=Script(replies=["Hello."]), faults={"speech": Faults(status=500, first=1)}) as server:
        client = Mistral(api_key="any", server_url=server.url)
        ...
        closed = await server.wait_for(Closed, lambda closed: closed.endpoint == "chat")
        assert closed.by == "client"
    ```
    `script`, `delays` and the faults may be changed while it runs: a request keeps what it found. Stopping drops every open stream, as a server that
    dies would.
    """

    def __init__(
        self,
        script: Script | None = None,
        delays: Delays | None = None,
        faults: FaultPlan = NO_FAULTS,
        *,
        api_key: str | None = None,
        port: int = 0,
        keep_audio: bool = False,
        log_size: int | None = None,
    ) -> None:
        """`api_key`: any other key is refused with 401; None takes all. `port` 0 is a free one.

        `keep_audio`: the log keeps the audio that comes in. `log_size`: it keeps only that many of the newest records; None keeps all.
        """
        self.script = script or Script()
        self.delays = delays or Delays()
        self.log = Log(log_size)
        self.port = port
        self._api_key = api_key
        self._keep_audio = keep_audio
        self._requests = 0
        self._served: Counter[Endpoint] = Counter()
        self._faults: dict[Endpoint, Faults] = {}
        self._conversations: dict[str, list[Event]] = {}
        self._struck: Counter[Endpoint] = Counter()
        self._open: dict[asyncio.Task[Any], Visit] = {}
        self._runner: web.AppRunner | None = None
        self.set_faults(faults)

    @property
    def url(self) -> str:
        """What `Mistral(server_url=…)` takes."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_streams(self) -> int:
        """How many requests are being answered, WebSockets included."""
        return len(self._open)

    def set_faults(self, faults: FaultPlan) -> None:
        """From now on these faults, and no others; `first` counts anew."""
        self._faults = {endpoint: faults if isinstance(faults, Faults) else faults.get(endpoint, NO_FAULTS) for endpoint in ENDPOINTS}
        self._struck.clear()

    def forget_conversations(self) -> None:
        """As the service does with old ones: going on with them is a 404."""
        self._conversations.clear()

    async def wait_for(self, kind: type[R], where: Callable[[R], bool] = lambda _: True, *, count: int = 1, timeout: float = 5.0) -> R:
        """See `Log.wait_for`."""
        return await self.log.wait_for(kind, where, count=count, timeout=timeout)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        app = web.Application(client_max_size=64 * 2**20)  # reference audio comes in requests
        app[KEPT] = self._conversations
        app.on_response_prepare.append(self._name)
        app[SAVED] = {}
        for method, path, endpoint, handler in _ROUTES:
            app.router.add_route(method, path, self._route(endpoint, handler))
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Drop every open stream and stop listening."""
        for task, visit in self._open.items():
            visit.by = "server"
            visit.drop()
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def _route(self, endpoint: Endpoint, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request, endpoint)
            try:
                visit.body = await _body(request)
                visit.arrived()
                self._admit(visit)
                response = await self._attend(visit, handler)
            except Refusal as refused:
                visit.refused(refused.status)
                response = refused.response()
            if not response.prepared:
                response.headers[REQUEST_ID] = visit.name
            return response

        return serve

    def _visit(self, request: web.Request, endpoint: Endpoint) -> Visit:
        faults = self._faults[endpoint]
        self._struck[endpoint] += 1
        if faults.first is not None and self._struck[endpoint] > faults.first:
            faults = NO_FAULTS
        self._requests += 1
        return Visit(
            request=request,
            endpoint=endpoint,
            number=self._requests - 1,
            turn=self._served[endpoint],
            script=self.script,
            delays=self.delays,
            faults=faults,
            log=self.log,
            keep_audio=self._keep_audio,
        )

    def _admit(self, visit: Visit) -> None:
        if self._api_key is not None and visit.request.headers.get("Authorization") != f"Bearer {self._api_key}":
            raise refusal(401)
        if visit.faults.status is not None:
            raise refusal(visit.faults.status, visit.faults.retry_after)

    async def _name(self, request: web.Request, response: web.StreamResponse) -> None:
        task = asyncio.current_task()
        if task in self._open:
            response.headers[REQUEST_ID] = self._open[task].name

    async def _attend(self, visit: Visit, handler: Handler) -> web.StreamResponse:
        self._served[visit.endpoint] += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = visit
        try:
            return await handler(visit)
        except Broken as broken:
            return broken.response
        except ConnectionError:
            return web.Response()  # nobody reads it: the client has gone
        finally:
            del self._open[task]
            if visit.is_open:
                visit.closed()


async def _body(request: web.Request) -> Any:
    if request.method in ("GET", "DELETE"):
        return None
    if request.content_type == "multipart/form-data":
        return await _form(request)
    try:
        body = await request.json()
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("The body must be a JSON object")
    return body


async def _form(request: web.Request) -> dict[str, Any]:
    """Fields by name, those that may come several times in lists; a file as its bytes."""
    found: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        plain: Any = value
        if isinstance(value, web.FileField):
            with value.file as file:
                plain = await asyncio.to_thread(file.read)
        if name in _REPEATED:
            found.setdefault(name, []).append(plain)
        else:
            found[name] = plain
    return found
