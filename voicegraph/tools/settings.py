"""The options `tools` and `mcp` of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from voicegraph.core.phrases import places
from voicegraph.graph.settings import ByLanguage, Duration, Function, Settings
from voicegraph.tools.functions import about_of, parameters_of
from voicegraph.tools.http import HttpSettings
from voicegraph.tools.mcp import McpSettings
from voicegraph.tools.offer import NO_ARGUMENTS, Schema

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""As chat completions allow it."""


ServerName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,31}$")]
"""Without an underscore, which parts it from the tool's."""


class ToolSettings(Settings):
    """Something that the agent may do."""

    call: Function | None = None
    """A Python function: ./file.py:function beside the graph, or package.module:function."""
    http: HttpSettings | None = None
    """Instead of a function: an HTTP service."""
    about: str = ""
    """What it does and when to use it, for the model. By default the function's docstring."""
    parameters: Mapping[str, Any] | None = None
    """What it takes: JSON Schema of an object. By default out of the function's signature; an HTTP service without it takes nothing."""
    timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long it may take. Then the model is told so, and goes on without."""
    filler: ByLanguage = ""
    """What is said while it runs when nothing has been said yet; or one text for each language."""
    effects: bool = True
    """Whether it changes anything in the world. false: it may run while the caller has perhaps not finished, and twice."""
    phrase: str = ""
    """For local_agent: what the caller says to have it done, such as: weather in {town}."""

    @field_validator("call")
    @classmethod
    def _takes_arguments(cls, call: Function | None) -> Function | None:
        if call is not None:
            parameters_of(call)
        return call

    @field_validator("parameters")
    @classmethod
    def _are_of_an_object(cls, parameters: Schema | None) -> Schema | None:
        if parameters is not None and (parameters.get("type", "object") != "object" or not isinstance(parameters.get("properties", {}), Mapping)):
            raise ValueError("parameters: are the JSON Schema of an object: {type: object, properties: {…}}")
        return parameters

    @model_validator(mode="after")
    def _fits(self) -> ToolSettings:
        if (self.call is None) == (self.http is None):
            raise ValueError("a tool has either call: or http:")
        if not self.description():
            raise ValueError("say in about: what it does, or the model cannot know when to use it")
        known = self.taken().get("properties", {})
        for where, names in (("phrase", places(self.phrase)), ("url", places(self.http.url) if self.http else [])):
            if unknown := [name for name in names if name not in known]:
                raise ValueError(f"{{{unknown[0]}}} in {where}: is no parameter of it")
        return self

    def description(self) -> str:
        """For the model."""
        return self.about or (about_of(self.call) if self.call else "")

    def taken(self) -> Schema:
        """What it takes."""
        if self.parameters is not None:
            return {"type": "object", "properties": {}, **self.parameters}
        return parameters_of(self.call) if self.call else NO_ARGUMENTS


class ToolsSettings(Settings):
    """The options of an agent that can use tools."""

    tools: Mapping[ToolName, ToolSettings] = Field(default_factory=dict)
    """What it may do besides talking, by name."""


class ChatToolsSettings(ToolsSettings):
    """The same for an agent whose model decides when to use one."""

    mcp: Mapping[ServerName, McpSettings] = Field(default_factory=dict)
    """MCP servers, by name, whose tools it may use too: each is called server_tool."""

    @field_validator("mcp")
    @classmethod
    def _is_installed(cls, servers: Mapping[str, McpSettings]) -> Mapping[str, McpSettings]:
        if servers and find_spec("mcp") is None:
            raise ValueError("MCP needs a package more: pip install 'voicegraph[mcp]'")
        return servers

    @model_validator(mode="after")
    def _names_are_apart(self) -> ChatToolsSettings:
        for name in self.tools:
            if server := next((server for server in self.mcp if name.startswith(f"{server}_")), None):
                raise ValueError(f"the tool '{name}' is named like those of the MCP server '{server}': call one of them otherwise")
        return self
