"""What a client can never set: whose server is asked, and with which credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.errors import GraphError
from voicegraph.graph.load import load

AGENTS = {
    "openai_agent": ("api_key", "base_url", "headers", "model", "tools"),
    "backend_agent": ("api_key", "base_url", "headers", "id"),
    "mistral_agent": ("api_key", "base_url", "model", "tools"),
}


def graph(tmp_path: Path, rest: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: voxtral\n{rest}\n")
    return path


@pytest.mark.parametrize(("agent", "option"), [(agent, option) for agent, options in AGENTS.items() for option in options])
def test_credentials_addresses_and_tools_are_not_for_clients(tmp_path: Path, agent: str, option: str) -> None:
    needed = {"openai_agent": ", base_url: 'https://x.example/v1', model: small", "backend_agent": ", base_url: 'https://x.example'"}.get(agent, "")
    path = graph(tmp_path, f"nodes:\n  agent: {{use: {agent}{needed}}}\nallow:\n  agent.{option}: any")
    with pytest.raises(GraphError, match=rf"mine.yaml:5:3: 'agent.{option}' is not for clients"):
        load(path, environ={})


def test_a_key_is_no_text_of_a_file(tmp_path: Path) -> None:
    path = graph(tmp_path, "nodes:\n  agent: {use: backend_agent, base_url: 'https://x.example', headers: {X-Api-Key: abc}}")
    with pytest.raises(GraphError, match=r"headers.X-Api-Key' is a secret, and this file is no place for it: write \$\{X_API_KEY\}"):
        load(path, environ={})


def test_keys_are_never_printed(tmp_path: Path) -> None:
    path = graph(tmp_path, "nodes:\n  agent: {use: backend_agent, base_url: 'https://x.example', api_key: '${K}', headers: {X-Key: '${K}'}}")
    settings = load(path, environ={"K": "s3cret"}).node("agent").settings
    assert "s3cret" not in f"{settings!r} {settings.effective()}"


def test_an_address_is_one(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"'agent.base_url': an address begins with http:// or https://"):
        load(graph(tmp_path, "nodes:\n  agent: {use: backend_agent, base_url: localhost}"), environ={})
