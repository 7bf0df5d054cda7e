"""Mistakes in `tools:`, at their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.errors import GraphError
from voicegraph.graph.load import load
from voicegraph.processors.local_agent import LocalAgentSettings

CODE = '''
CITIES = {}
def weather(town: str) -> str:
    """What the weather is like."""
def bare(town): ...
def silent(town: str): ...
'''


def told(tmp_path: Path, tools: str, agent: str = "local_agent") -> list[str]:
    """The mistakes, as line: sentence, of tools that stand from line 5 on."""
    (tmp_path / "code.py").write_text(CODE)
    lines = "\n".join(f"      {line}" for line in tools.splitlines())
    (tmp_path / "mine.yaml").write_text(f"extends: local\nnodes:\n  agent:\n    use: {agent}\n    tools:\n{lines}\n")
    try:
        load(tmp_path / "mine.yaml", environ={})
    except GraphError as problem:
        return [f"{mistake.line}: {mistake.message.replace(str(tmp_path), '.')}" for mistake in problem.mistakes]
    return []


@pytest.mark.parametrize(
    ("tools", "mistake"),
    [
        ("it: {call: ./code.py:weather, phrase: 'weather in {town}'}", None),
        ("it:\n  phrase: x\n  call: ./gone.py:weather", "8: ./gone.py cannot be read: No such file or directory"),
        ("it:\n  phrase: x\n  call: ./code.py:wether", "8: ./code.py has no function 'wether' (did you mean 'weather'?)"),
        ("it:\n  phrase: x\n  call: ./code.py:CITIES", "8: ./code.py has no function 'CITIES': it has weather, bare and silent"),
        ("it:\n  phrase: x\n  call: weather", "8: 'weather' names no function: write ./file.py:function or package.module:function"),
        ("it:\n  phrase: x\n  call: ./code.py:bare", "8: 'agent.tools.it.call': 'town' of bare has no type: annotate it, such as town: str"),
        ("it:\n  call: ./code.py:silent", "7: 'agent.tools.it': say in about: what it does, or the model cannot know when to use it"),
        ("it: {about: x}", "6: 'agent.tools.it': a tool has either call: or http:"),
        ("it: {call: ./code.py:weather, phrase: 'in {city}'}", "6: 'agent.tools.it': {city} in phrase: is no parameter of it"),
        ("it: {about: x, http: {url: 'https://x.example/{town}'}}", "6: 'agent.tools.it': {town} in url: is no parameter of it"),
        ("it:\n  about: x\n  http:\n    url: ftp://x", "9: 'agent.tools.it.http.url': an address begins with http:// or https:// and a host"),
        ("it: {call: ./code.py:weather}\nit: {call: ./code.py:weather}", "7: 'it' stands here twice (first on line 6): keep one of them"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, tools: str, mistake: str | None) -> None:
    assert told(tmp_path, tools)[:1] == ([mistake] if mistake else [])


def test_a_name_that_no_model_takes_is_refused(tmp_path: Path) -> None:
    assert "6: " in told(tmp_path, "'my tool': {call: ./code.py:weather, phrase: x}")[0]


def test_what_is_a_key_by_its_name_is_no_text_of_a_file(tmp_path: Path) -> None:
    (mistake,) = told(tmp_path, "it:\n  about: x\n  phrase: x\n  http:\n    url: https://x.example\n    headers:\n      Authorization: Bearer abc")
    assert mistake.startswith("12: 'agent.tools.it.http.headers.Authorization' is a secret")
    assert "abc" not in mistake


def test_a_header_may_hold_a_variable_and_is_left_out_without_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    headers = "{Authorization: 'Bearer ${TOKEN}', Accept: text/plain, X-Version: 2}"
    path.write_text(
        f"extends: local\nnodes:\n  agent: {{tools: {{it: {{about: x, phrase: x, http: {{url: 'https://x.example', headers: {headers}}}}}}}}}\n"
    )

    def sent(environ: dict[str, str]) -> dict[str, str]:
        settings = load(path, environ=environ).node("agent").settings
        assert isinstance(settings, LocalAgentSettings)
        http = settings.tools["it"].http
        assert http is not None
        return {name: value.get_secret_value() for name, value in http.headers.items()}

    assert sent({"TOKEN": "abc"}) == {"Authorization": "Bearer abc", "Accept": "text/plain", "X-Version": "2"}
    assert sent({}) == {"Accept": "text/plain", "X-Version": "2"}


def test_the_local_agent_needs_a_phrase_to_use_a_tool(tmp_path: Path) -> None:
    (mistake,) = told(tmp_path, "it: {call: ./code.py:weather}")
    assert "'it' would never be used: say in phrase:" in mistake


def test_a_graph_that_extends_another_finds_its_functions_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    told(tmp_path / "base", "it: {call: ./code.py:weather, phrase: x}")
    (tmp_path / "top.yaml").write_text("extends: ./base/mine.yaml\nnodes:\n  agent: {tools: {it: {timeout: 3s}}}\n")
    settings = load(tmp_path / "top.yaml", environ={}).node("agent").settings
    assert isinstance(settings, LocalAgentSettings)
    assert settings.tools["it"].call is not None
    assert settings.tools["it"].timeout == 3.0
