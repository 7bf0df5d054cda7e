"""From what the client raises to a sentence that a caller or an operator can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from voicegraph.errors import Failure, VoicegraphError
from voicegraph.mistral.answers import parsed

LONGEST = 200
"""Characters of the provider's own words that are passed on."""
POLICY = 1008
"""The WebSocket close code by which Mistral refuses a session: an unknown voice, a bad setting (RFC 6455, 7.4.1)."""

F = TypeVar("F", bound=Failure)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure in plain words. lasting: trying again will not help. said: what the provider says itself; see `errors.Failure`."""

    plain: str
    lasting: bool = False
    said: str = ""

    @property
    def sentence(self) -> str:
        """All of it, for the caller."""
        return str(self.to(Failure))

    def to(self, kind: type[F]) -> F:
        """As an exception of this kind."""
        return kind(self.plain, self.said)


def explain(problem: BaseException) -> Trouble:
    """What went wrong, out of an exception of the SDK, httpx2 or websockets; the chain of causes is searched for a status or a close code."""
    if isinstance(problem, Failure):
        return Trouble(problem.plain, said=problem.said)
    chain = list(_chain(problem))
    status = next((found for found in map(status_of, chain) if found), None)
    if status is not None:
        return _by_status(status, next((words for words in map(_words, chain) if words), ""))
    code = next((found for found in map(_close_code, chain) if found), None)
    if code is not None:
        return _by_code(code, next((words for words in map(_words, chain) if words), ""))
    names = {base.__name__ for each in chain for base in type(each).__mro__}
    if names & {"TimeoutError", "TimeoutException"} or "Timeout" in str(problem):
        return Trouble("Mistral did not answer in time.")
    if names & {"ConnectionClosed", "ReadError", "RemoteProtocolError"}:
        return Trouble("The connection to Mistral was lost.")
    if names & {"OSError", "TransportError", "WebSocketException", "NoResponseError"}:
        return Trouble("Mistral cannot be reached: check the network, and MISTRAL_BASE_URL if it is set.")
    return Trouble(f"Mistral's answer could not be used ({type(problem).__name__}).")


def failures() -> tuple[type[Exception], ...]:
    """Everything that a request or a connection of the SDK may raise, and the errors that the stream readers raise themselves."""
    import httpx2
    from mistralai.client.errors import MistralError, NoResponseError
    from mistralai.extra.exceptions import MistralClientException
    from websockets.exceptions import WebSocketException

    # OSError covers TimeoutError; the SDK raises RuntimeError, of which httpx2.StreamError is one, where a connection was closed before
    return (MistralError, NoResponseError, MistralClientException, httpx2.HTTPError, WebSocketException, OSError, RuntimeError, VoicegraphError)


@contextmanager
def plainly(kind: type[Failure]) -> Iterator[None]:
    """Whatever the client raises inside becomes `kind` with a sentence."""
    try:
        yield
    except failures() as problem:
        raise explain(problem).to(kind) from problem


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or problem.__context__


def status_of(problem: BaseException) -> int | None:
    """The HTTP status of a refused request: MistralError has it itself, websockets' InvalidStatus and httpx2's HTTPStatusError have a response."""
    for holder in (problem, getattr(problem, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _close_code(problem: BaseException) -> int | None:
    """Realtime exceptions have the code of an error event or of the close; websockets' ConnectionClosed has the close frame."""
    code = getattr(problem, "code", None) if type(problem).__name__.startswith("Realtime") else getattr(getattr(problem, "rcvd", None), "code", None)
    return code if isinstance(code, int) else None


def _words(problem: BaseException) -> str:
    """What the provider says itself: from the body of an HTTP error, or from an error event."""
    body = getattr(problem, "body", None)
    if isinstance(body, str):
        return words_in(body)
    return _short(str(problem)) if type(problem).__name__.startswith("Realtime") else ""


def words_in(body: str | bytes) -> str:
    """What the body of an error says in words, in any of the shapes in use: {message}, {detail}, {error}, {error: {message}}, {detail: [{msg, loc}]}.

    A proxy's page of HTML says nothing to a caller, and whatever else is in the body may be what the caller said."""
    try:
        return _short(message_in(parsed(body)))
    except ValueError:
        return ""


def message_in(said: Any) -> str:
    if isinstance(said, list):
        return "; ".join(filter(None, map(message_in, said)))
    if isinstance(said, dict):
        loc = said.get("loc")
        where = ".".join(map(str, loc)) if isinstance(loc, list) else ""
        told = next((message_in(said[key]) for key in ("message", "detail", "error", "msg") if said.get(key)), "")
        return f"{where}: {told}" if where and told else told
    return said if isinstance(said, str) else ""


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else words[:LONGEST] + "…"


def _by_status(status: int, words: str) -> Trouble:
    if status in (401, 403):
        return Trouble("Mistral refused the key: check MISTRAL_API_KEY, and that the key may use this model.", lasting=True)
    if status == 402:
        return Trouble("Mistral wants the account to be paid: check its billing.", lasting=True)
    if status == 404:
        return Trouble("Mistral knows no such model or address: check the model's name and MISTRAL_BASE_URL.", True, words)
    if status == 429:
        return Trouble("Mistral takes no more requests for this key at the moment (rate limit).")
    if status >= 500:
        return Trouble(f"Mistral has a problem of its own (status {status}).")
    return Trouble(f"Mistral refused the request (status {status}).", True, words)


def _by_code(code: int, words: str) -> Trouble:
    if code == POLICY:
        return Trouble("Mistral refused the session: check the voice and the model.", True, words)
    return Trouble(f"Mistral ended the session (code {code}).", said=words)
