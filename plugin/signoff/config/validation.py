"""Hold a document against a pydantic model, and say every mistake with its place and what to write."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from signoff.config.yamlfile import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from signoff.config.yamlfile import Path_

Model = TypeVar("Model", bound=BaseModel)


class Notes(Protocol):
    """Takes note of mistakes: a document, or several of which values were put together."""

    def add(self, path: Path_, message: str, hint: str = "") -> None:
        """Note a mistake at the path."""


def validate(
    document: Notes,
    data: Any,
    model: type[Model],
    path: Path_ = (),
) -> Model | None:
    """Return the model filled from `data`, which stands at `path`, or None with all mistakes noted in the document."""
    if not isinstance(data, dict):
        document.add(path, "must be a mapping of keys to values", f"see the {model.__name__} section of the reference")
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            message, hint = _explain(detail, model)
            document.add((*path, *_real(detail["loc"], data)), message, hint)
        return None


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    if detail["type"] == "extra_forbidden":
        return "unknown key", did_you_mean(detail["loc"][-1], _names_at(model, detail["loc"][:-1]))
    if detail["type"] == "missing":
        return "is missing", f"add {detail['loc'][-1]}:"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text, separator, hint = message.partition("; ")
    return (text, hint) if separator else (message[:1].lower() + message[1:], "")


def _real(loc: tuple[int | str, ...], data: Any) -> Path_:
    """Drop the steps that pydantic adds for unions and key checks: only what stands in the file remains."""
    path: list[int | str] = []
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside:
            data = data[step]
        elif not (last and isinstance(step, str) and step.isidentifier()):
            continue
        path.append(step)
    return tuple(path)


def _names_at(annotation: Any, loc: tuple[int | str, ...]) -> set[str]:
    """Return the field names that are allowed at `loc` below the annotated type."""
    candidates = _unwrap(annotation)
    for step in loc:
        candidates = [inner for candidate in candidates for inner in _below(candidate, step)]
    return {
        field.alias or name
        for candidate in candidates
        if _is_model(candidate)
        for name, field in candidate.model_fields.items()
    }


def _below(annotation: Any, step: int | str) -> list[Any]:
    if _is_model(annotation):
        found = [f.annotation for name, f in annotation.model_fields.items() if step in {name, f.alias}]
        return [inner for each in found for inner in _unwrap(each)]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict or (isinstance(origin, type) and issubclass(origin, typing.Mapping)):
        return _unwrap(arguments[1])
    if origin in {list, tuple}:
        return _unwrap(arguments[0])
    return []


def _unwrap(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _unwrap(get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        return [inner for each in get_args(annotation) for inner in _unwrap(each)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
