"""What a tool adds to an answer, and how soon an interruption is known at the model's server. Agent and server share a process here, and its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from benchmarks.figures import Figure
from voicegraph.frames import Turn
from voicegraph.processors.mistral_agent import MistralAgent
from voicegraph.processors.openai_agent import OpenaiAgent
from voicegraph.testing.mistral import Closed, Delays, MistralServer, Request, Script, Sent
from voicegraph.testing.runner import OneNode

TOOK = 0.3
"""Seconds that the tool takes."""
SLOWLY = Delays(first_token=0.0, per_token=0.05)


async def look_up(what: str) -> str:
    """Look something up."""
    await asyncio.sleep(TOOK)
    return f"All about {what}."


async def tools(calls: int) -> list[Figure]:
    """Two figures; the second for both kinds of agent together."""
    added = [await _added() for _ in range(calls)]
    closing = [await _closing(agent) for _ in range(calls) for agent in (_mistral, _openai)]
    return [
        Figure("tool of 300 ms: the model's call → the next request to it", "ms", added, worst_bar=320),
        Figure("interruption → the model's stream is closed at its server", "ms", closing, worst_bar=20),
    ]


def _mistral(server: MistralServer) -> OneNode:
    return OneNode(MistralAgent, {"api_key": "key", "base_url": server.url, "tools": {"look_up": {"call": look_up}}})


def _openai(server: MistralServer) -> OneNode:
    return OneNode(OpenaiAgent, {"model": "any", "base_url": f"{server.url}/v1"})


async def _added() -> float:
    """From the end of the answer with the call to the arrival of the request with its result."""
    script = Script(calls=lambda messages: () if messages[-1]["role"] == "tool" else [("look_up", {"what": "bicycles"})])
    async with MistralServer(script, Delays(first_token=0.0, per_token=0.0)) as server, _mistral(server) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Bicycles?"))
        node.confirm()
        await node.settle()
        return 1000 * (server.log.of(Request)[1].t - server.log.of(Closed)[0].t)


async def _closing(agent: Callable[[MistralServer], OneNode]) -> float:
    async with MistralServer(Script(replies=["word " * 200]), SLOWLY) as server, agent(server) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Talk."))
        await server.wait_for(Sent, count=4)
        dropped = asyncio.get_running_loop().time()
        node.drop()
        closed = await server.wait_for(Closed)
        return 1000 * (closed.t - dropped)
