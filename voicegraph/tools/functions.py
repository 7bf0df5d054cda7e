"""Python functions as tools: what they take, out of their signature, and calling them with what a model wrote."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, to_json

from voicegraph.errors import ToolFailed
from voicegraph.tools.offer import Arguments

THREADS = 32
"""How many functions that are not `async def` run at once, over all calls; more wait for their turn within their own timeout."""
_MOST_PROBLEMS = 3


class ToolThreads:
    """Where functions run that may block: `call.shared(ToolThreads)`. Not the loop's own pool: one that hangs would block engines."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tool")

    async def close(self) -> None:
        """Takes no more; a function that still runs cannot be stopped and is left alone."""
        self.pool.shutdown(wait=False, cancel_futures=True)


@functools.cache
def arguments_of(function: Callable[..., Any]) -> type[BaseModel]:
    """A model of what the function takes. Raises ValueError with a sentence when its signature does not say."""
    try:
        hints = get_type_hints(function, include_extras=True)
    # Annotations are the author's code, evaluated here.
    except Exception as problem:
        raise ValueError(f"the annotations of {_name(function)} cannot be read: {problem}") from problem
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ValueError(f"{_name(function)} takes '{parameter.replace(annotation=parameter.empty)}': a model gives each argument by its name")
        if name not in hints:
            raise ValueError(f"'{name}' of {_name(function)} has no type: annotate it, such as {name}: str")
        fields[name] = (hints[name], ... if parameter.default is parameter.empty else parameter.default)
    try:
        model = create_model(_name(function), __config__=ConfigDict(extra="forbid"), **fields)
        model.model_json_schema()
    except (PydanticUserError, NameError) as problem:
        raise ValueError(f"{_name(function)} takes something that has no JSON form: {str(problem).partition(chr(10))[0]}") from problem
    return model


@functools.cache
def parameters_of(function: Callable[..., Any]) -> dict[str, Any]:
    """JSON Schema of what the function takes. Raises ValueError as `arguments_of` does."""
    schema = arguments_of(function).model_json_schema()
    return {key: value for key, value in schema.items() if key != "title"}


def about_of(function: Callable[..., Any]) -> str:
    """Its docstring: how a model knows when to call it."""
    return inspect.getdoc(function) or ""


async def call(function: Callable[..., Any], arguments: Arguments, pool: ThreadPoolExecutor) -> str:
    """Call it and give its result as text. Raises ToolFailed for arguments that it does not take, and whatever the function raises."""
    try:
        checked = arguments_of(function).model_validate(arguments)
    except ValidationError as problem:
        raise ToolFailed(_told(problem)) from problem
    given = {name: getattr(checked, name) for name in checked.model_fields_set}
    if inspect.iscoroutinefunction(function):
        return as_text(await function(**given))
    return as_text(await asyncio.get_running_loop().run_in_executor(pool, functools.partial(function, **given)))


def as_text(result: Any) -> str:
    """Text as it is; nothing as "Done."; anything else as JSON."""
    if result is None:
        return "Done."
    if isinstance(result, str):
        return result
    try:
        return to_json(result).decode()
    except PydanticSerializationError as problem:
        raise ToolFailed("Its result has no JSON form.") from problem


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _told(problem: ValidationError) -> str:
    """What is wrong with the arguments, for the model to do it better."""
    errors = problem.errors(include_url=False, include_input=False)[:_MOST_PROBLEMS]
    return "Wrong arguments: " + "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
