"""What clients may send, and what comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from voicegraph.server.calls import Calls

Left = Callable[[], Awaitable[set[asyncio.Task[Any]]]]

JSON = {"Content-Type": "application/json"}
OFFER = "/api/offer"


async def start(http: ClientSession, url: str, graph: str | None = None) -> str:
    body = {"createDailyRoom": False, "enableDefaultIceServers": True, "transport": "webrtc"} | ({"body": {"graph": graph}} if graph else {})
    async with http.post(f"{url}/start", json=body) as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        assert found["iceConfig"] == {"iceServers": []}
        return str(found["sessionId"])


def offer(sdp: str, **more: Any) -> dict[str, Any]:
    return {"sdp": sdp, "type": "offer", "pc_id": None, "restart_pc": False, **more}


BAD = [
    # method, path, body, status, in the sentence
    ("POST", "/start", "{", 400, "not JSON"),
    ("POST", "/start", "[]", 400, "must be a JSON object"),
    ("POST", "/start", b"\xff\xfe", 400, "not JSON"),
    ("POST", "/start", "[" * 50_000, 400, "not JSON"),
    ("POST", "/start", {"body": 3}, 400, "'body'"),
    ("POST", "/start", {"body": {"graph": 3}}, 400, "'body.graph'"),
    ("POST", "/start", {"body": {"resume": 3}}, 400, "'body.resume'"),
    ("POST", "/start", {"body": {"settings": "all"}}, 400, "'body.settings'"),
    ("POST", "/start", {"body": {"settings": {"echo.delay": "1s"}}}, 400, "the graph 'echo' lets clients set nothing"),
    ("POST", "/start", {"body": {"resume": "x" * 40_000}}, 400, "'body.resume'"),
    (
        "POST",
        "/start",
        {"body": {"graph": "eco"}},
        404,
        "no graph 'eco' (did you mean 'echo'?): choose early, echo, endless, failing, keyed, late, refusing, unpacked or wrong",
    ),
    ("POST", "/start", {"body": {"graph": "../echo.yaml"}}, 404, "no graph"),
    ("POST", "/start", {"body": {"graph": "wrong"}}, 409, "ecko"),
    ("POST", "/start", {"body": {"graph": "keyed"}}, 409, "MISTRAL_API_KEY"),
    ("POST", OFFER, {}, 400, "'sdp' is missing"),
    ("POST", OFFER, {"sdp": "v=0", "type": "answer"}, 400, "'type'"),
    ("POST", OFFER, offer("", pc_id=None), 400, "'sdp'"),
    ("POST", OFFER, offer("hello"), 400, "no SDP offer"),
    ("POST", OFFER, offer("v=0\r\n"), 400, "no audio m-line"),
    ("POST", OFFER, offer(3), 400, "'sdp'"),  # type: ignore[arg-type]
    ("POST", OFFER, offer("v=0", restart_pc="no"), 400, "'restart_pc'"),
    ("POST", OFFER, offer("v=0", pc_id=7), 400, "'pc_id'"),
    ("POST", OFFER, offer("v=0", pc_id="nobody.1"), 404, "call is over"),
    ("POST", OFFER, offer("v=0", requestData={"graph": "eco"}), 404, "did you mean 'echo'"),
    ("POST", OFFER, offer("v=0", requestData=[]), 400, "'requestData'"),
    ("POST", "/sessions/nobody/api/offer", offer("v=0"), 404, "call is over"),
    ("POST", OFFER, offer("x" * 70_000), 413, "too large: at most 64 KiB"),
    ("PATCH", OFFER, {"pc_id": "nobody.1", "candidates": []}, 404, "call is over"),
    ("PATCH", OFFER, {"pc_id": "nobody.1", "candidates": [{"candidate": 1}]}, 400, "'candidates.0.candidate'"),
    ("PATCH", OFFER, {"candidates": []}, 400, "'pc_id' is missing"),
    ("PATCH", "/sessions/nobody/api/offer", {"pc_id": "nobody.1", "candidates": []}, 404, "call is over"),
    ("DELETE", "/sessions/nobody/api/offer", "", 404, "call is over"),
    ("DELETE", OFFER, "", 400, "?pc_id="),
    ("DELETE", f"{OFFER}?pc_id=nobody.1", "", 404, "call is over"),
    ("PUT", "/start", "", 405, "PUT is not possible at /start"),
    ("GET", "/start", "", 404, "nothing at /start"),
    ("GET", "/%2e%2e/echo.yaml", "", 404, "nothing at"),
    ("GET", "/nul%00byte", "", 404, "nothing at"),
    ("GET", "/nothing", "", 404, "nothing at /nothing"),
    ("GET", "/../echo.yaml", "", 404, "nothing at"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), BAD)
async def test_what_cannot_be_used_is_refused_with_a_sentence_and_leaves_nothing(
    method: str,
    path: str,
    body: Any,
    status: int,
    words: str,
    http: ClientSession,
    url: str,
    calls: Calls,
    left: Left,
) -> None:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    async with http.request(method, url + path, data=data, headers=JSON) as answer:
        found = await answer.json()
    assert answer.status == status
    assert found["info"] == found["detail"]
    assert words in found["detail"]
    assert len(found["detail"]) < 300
    assert (len(calls), calls.bookings) == (0, 0)
    assert not await left()


async def test_another_content_type_is_refused(http: ClientSession, url: str) -> None:
    """A form or plain text is what another site's page may send without asking."""
    async with http.post(f"{url}/start", data="{}", headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
        assert "application/json" in (await answer.json())["detail"]


async def test_a_session_can_be_started_without_a_body(http: ClientSession, url: str, calls: Calls) -> None:
    """The SDK's startBot() sends none when the application chooses nothing."""
    async with http.post(f"{url}/start", headers=JSON) as answer:
        assert answer.status == 200
    assert calls.bookings == 1
    async with http.post(url + OFFER, headers=JSON) as answer:
        assert answer.status == 400


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(http: ClientSession, url: str) -> None:
    async with http.post(f"{url}/start", data=b"{}", headers=JSON | {"Content-Encoding": "gzip"}) as answer:
        assert answer.status == 400
        assert "Content-Encoding" in (await answer.json())["detail"]


async def test_a_body_that_does_not_come_is_not_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.bodies.BODY_LIMIT", 0.05)
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await writer.wait_closed()


async def test_a_bad_offer_uses_its_session_up(http: ClientSession, url: str, calls: Calls, left: Left) -> None:
    id = await start(http, url)
    async with http.post(f"{url}/sessions/{id}{OFFER}", json=offer("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")) as answer:
        assert answer.status == 400
    assert (len(calls), calls.bookings) == (0, 0)
    assert not await left()


async def test_a_broken_sdp_leaves_nothing(http: ClientSession, url: str, sdp: str, calls: Calls, left: Left) -> None:
    async with http.post(url + OFFER, json=offer(sdp.replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 zz:"))) as answer:
        if answer.status == 200:  # the stack takes it: then nobody can connect, and the call goes when its peer does not come
            await calls.end((await answer.json())["pc_id"].rpartition(".")[0], "over")
    await calls.close("the test is over")
    assert len(calls) == 0
    assert not await left()


async def test_a_graph_that_cannot_start_refuses_the_offer(http: ClientSession, url: str, sdp: str, calls: Calls, left: Left) -> None:
    id = await start(http, url, "refusing")
    async with http.post(f"{url}/sessions/{id}{OFFER}", json=offer(sdp)) as answer:
        assert answer.status == 409
        assert (await answer.json())["detail"] == "The engine is not installed: pip install it."
    assert (len(calls), calls.bookings) == (0, 0)
    assert not await left()


async def test_candidates_are_taken_and_nonsense_is_not(http: ClientSession, url: str, sdp: str, calls: Calls) -> None:
    async with http.post(url + OFFER, json=offer(sdp)) as answer:
        pc_id = (await answer.json())["pc_id"]
    good = {"candidate": "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host", "sdp_mid": "0", "sdp_mline_index": 0}
    for candidate, status in ((good, 200), ({"candidate": "", "sdp_mid": None, "sdp_mline_index": None}, 200), ({"candidate": "nonsense"}, 400)):
        async with http.patch(url + OFFER, json={"pc_id": pc_id, "candidates": [candidate]}) as answer:
            assert answer.status == status
    async with http.delete(url + OFFER, params={"pc_id": pc_id}) as answer:
        assert await answer.json() == {"status": "success"}


async def test_a_session_can_be_given_back_before_its_offer(http: ClientSession, url: str, calls: Calls) -> None:
    id = await start(http, url)
    assert calls.bookings == 1
    async with http.delete(f"{url}/sessions/{id}{OFFER}") as answer:
        assert answer.status == 200
    assert calls.bookings == 0


async def test_a_session_without_an_offer_expires(http: ClientSession, url: str, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.calls.BOOKING_LIMIT", 0.0)
    id = await start(http, url)
    async with http.post(f"{url}/sessions/{id}{OFFER}", json=offer("v=0")) as answer:
        assert answer.status == 404
    assert calls.bookings == 0


async def test_sessions_without_an_offer_are_bounded(http: ClientSession, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.calls.MAX_BOOKINGS", 1)
    await start(http, url)
    async with http.post(f"{url}/start", json={}) as answer:
        assert answer.status == 503


async def test_when_all_lines_are_busy_it_says_so(http: ClientSession, url: str, sdp: str, calls: Calls) -> None:
    for _ in range(2):
        async with http.post(url + OFFER, json=offer(sdp)) as answer:
            assert answer.status == 200
    for path, body in (("/start", {}), (OFFER, offer(sdp))):
        async with http.post(url + path, json=body) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "10"
            assert "All 2 lines are busy" in (await answer.json())["detail"]
            assert int(answer.headers["Retry-After"]) > 0
    await calls.close("the test is over")
    assert len(calls) == 0
