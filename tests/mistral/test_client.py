import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from mistralai.client.models import UserMessage

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.errors import plainly
from voicegraph.testing.mistral import Faults, MistralServer, Request, Script


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MISTRAL_API_KEY", "MISTRAL_BASE_URL", "MISTRAL_SA_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)


async def test_calls_share_the_client_of_a_key_and_server() -> None:
    clients = MistralClients()
    one = clients.get("key", "http://127.0.0.1:9")
    assert clients.get("key", "http://127.0.0.1:9/v1/") is one
    assert clients.get("other", "http://127.0.0.1:9") is not one
    await clients.close()


async def test_without_a_key_the_hosted_service_is_refused_with_the_way_out() -> None:
    with pytest.raises(CallFailed, match="set MISTRAL_API_KEY"):
        MistralClients().get()


async def test_a_key_from_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "from the environment")
    clients = MistralClients()
    assert clients.get().sdk_configuration.get_server_details()[0] == "https://api.mistral.ai"
    await clients.close()


async def test_the_server_from_the_environment_is_used_for_http_and_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    async with MistralServer(Script(replies=["Hi."])) as server:
        monkeypatch.setenv("MISTRAL_BASE_URL", server.url + "/v1")
        clients = MistralClients()
        sdk = clients.get()
        connection = await clients.sockets.connect(sdk.audio.realtime.connect("voxtral-mini-transcribe-realtime-3-0"))
        await sdk.chat.complete_async(model="mistral-small-latest", messages=[UserMessage(content="Hello")])
        assert {request.endpoint for request in server.log.of(Request)} == {"transcription", "chat"}
        clients.sockets.retire(connection)
        await clients.close()


async def test_warming_up_needs_no_key() -> None:
    clients = MistralClients()
    clients.warm()
    await clients.close()


async def test_each_request_is_in_the_log_by_its_id_and_nothing_of_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")
    clients = MistralClients()
    async with MistralServer(Script(replies=["A private answer."]), faults={"chat": Faults(status=503, first=1)}) as server:
        sdk = clients.get("a-secret-key", server.url)
        await sdk.chat.complete_async(model="m", messages=[UserMessage(content="A private question.")])
        await clients.sockets.connect(sdk.audio.realtime_speech.connect("voxtral-mini-tts-3-0", voice_id="gb_jane_neutral"))
        await clients.close()
    assert "POST /v1/chat/completions: status 503, request chat-0" in caplog.text
    assert "POST /v1/chat/completions: status 200, request chat-1" in caplog.text
    assert "realtime session opened, request realtime_speech-2" in caplog.text
    for word in ("private", "secret", "127.0.0.1"):
        assert word not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("voicegraph"))


@pytest.mark.parametrize("header", [("Retry-After", "60"), ("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"), ("retry-after-ms", "60000")])
async def test_a_server_that_asks_to_wait_for_longer_than_anyone_does_has_failed_at_once(header: tuple[str, str]) -> None:
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"message": "Rate limit exceeded"}, status=429, headers=dict([header]))

    app = web.Application()
    app.router.add_post("/v1/chat/completions", refuse)
    clients = MistralClients()
    async with TestServer(app) as server, asyncio.timeout(20):
        with pytest.raises(ReplyFailed, match="rate limit"), plainly(ReplyFailed):
            await clients.get("key", str(server.make_url(""))).chat.complete_async(model="m", messages=[UserMessage(content="Hello")])
        await clients.close()
    assert asked == ["/v1/chat/completions"], "it has said when it wants to be asked again"


async def test_a_server_that_asks_to_wait_for_a_moment_is_asked_again() -> None:
    clients = MistralClients()
    async with MistralServer(Script(replies=["Hi."]), faults={"chat": Faults(status=429, retry_after=0.01, first=1)}) as server:
        await clients.get("key", server.url).chat.complete_async(model="m", messages=[UserMessage(content="Hello")])
        assert len(list(server.log.of(Request))) == 2
        await clients.close()
