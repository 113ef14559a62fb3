"""Calls the GET operations of an OpenAPI document, once each, and compares every answer with its description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jsonschema import Draft4Validator, Draft202012Validator
from openapi_schema_validator import OAS30ReadValidator
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4, DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import requests

    from signoff.probes.web.http import Session
    from signoff.probes.web.openapi import Document, Operation

_ROOT = "urn:openapi"
_MAX_PROBLEMS = 5
_SUCCESS = range(200, 400)
_DIALECTS: dict[str, tuple[Any, Any]] = {
    "2.0": (DRAFT4, Draft4Validator),
    "3.0": (DRAFT4, OAS30ReadValidator),
    "3.1": (DRAFT202012, Draft202012Validator),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One operation that was called, or why it could not be."""

    operation: Operation
    status: int = 0
    content_type: str = ""
    problems: tuple[str, ...] = ()
    """How the answer departs from its description: places and rules, never values from the answer."""
    missing: tuple[str, ...] = ()
    """Parameters without a sample: the operation was not called."""

    @property
    def was_made(self) -> bool:
        """Whether there was an answer."""
        return not self.missing


def call(session: Session, base_url: str, document: Document, operation: Operation, samples: Mapping[str, str]) -> Call:
    """Call a GET operation with the samples, else with the document's own examples.

    Raises:
        NotVerifiedError: the document itself is broken at this operation.
    """
    parameters = document.parameters(operation)
    values = {str(one["name"]): value for one in parameters if (value := _sample(one, samples)) is not None}
    missing = tuple(str(one["name"]) for one in parameters if _needed(one) and str(one["name"]) not in values)
    if missing:
        return Call(operation=operation, missing=missing)

    def placed(where: str) -> dict[str, str]:
        return {
            name: values[name]
            for one in parameters
            if one["in"] == where
            and (name := str(one["name"])) in values
            # What is optional is sent only if the team gave a value: an example may not exist in this environment.
            and (_needed(one) or name in samples)
        }

    path = re.sub(r"\{([^}]+)\}", lambda match: quote(values.get(match[1], match[0]), safe=""), operation.path)
    response = session.get(
        f"{base_url.rstrip('/')}{document.prefix}{path}",
        params=placed("query"),
        headers={"Accept": "*/*"} | placed("header"),
        allow_redirects=False,
    )
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Call(
        operation=operation,
        status=response.status_code,
        content_type=content_type,
        problems=tuple(_problems(document, operation, response, content_type)),
    )


def _needed(parameter: Mapping[str, Any]) -> bool:
    # A required cookie is the session's business: whoever calls has signed in.
    return bool(parameter.get("required")) and parameter.get("in") != "cookie"


def _sample(parameter: Mapping[str, Any], samples: Mapping[str, str]) -> str | None:
    name = str(parameter["name"])
    if name in samples:
        return samples[name]
    schema = parameter.get("schema") or {}
    examples = [example.get("value") for example in (parameter.get("examples") or {}).values()]
    candidates = [parameter.get("example"), *examples, schema.get("example"), *schema.get("examples", ())]
    # Swagger 2.0 has no examples of parameters; what its generators write instead, and its own default.
    swagger = [parameter.get("x-example"), parameter.get("default")]
    for candidate in [*candidates, schema.get("default"), *swagger]:
        if isinstance(candidate, bool):
            return "true" if candidate else "false"
        if isinstance(candidate, str | int | float):
            return str(candidate)
    return None


def _problems(
    document: Document, operation: Operation, response: requests.Response, content_type: str
) -> Iterator[str]:
    if response.status_code not in _SUCCESS:
        yield f"status {response.status_code}"
        return
    described = document.response(operation, response.status_code)
    if described is None:
        yield f"status {response.status_code} is not described"
        return
    pointer, description = described
    known = document.forms(operation, pointer, description)
    if not known:
        if response.content:
            yield "an answer without content is described, but there is content"
        return
    matching = next((media for media in known if _matches(media, content_type)), None)
    if matching is None:
        yield f"content type {content_type or 'missing'} is not described"
    elif content_type.endswith(("/json", "+json")) and known[matching]:
        yield from _schema_problems(document, known[matching], response)


def _matches(described: str, actual: str) -> bool:
    pattern = described.partition(";")[0].strip().lower()
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]+"), actual) is not None


def _schema_problems(document: Document, pointer: str, response: requests.Response) -> Iterator[str]:
    try:
        instance = response.json()
    except ValueError:
        yield "the content is not JSON"
        return
    dialect, validator_class = _DIALECTS[document.dialect]
    resource: Resource[Any] = Resource.from_contents(document.content, default_specification=dialect)
    validator = validator_class(
        {"$ref": f"{_ROOT}#{quote(pointer, safe='/~')}"},
        registry=Registry().with_resource(_ROOT, resource),
        format_checker=validator_class.FORMAT_CHECKER,
    )
    try:
        errors = sorted(validator.iter_errors(instance), key=lambda error: error.json_path)
    except Unresolvable as unresolved:
        yield f"the schema refers to {unresolved.ref}, which is not in the document"
        return
    for error in errors[:_MAX_PROBLEMS]:
        yield f"{_place(error.absolute_path)}: breaks {error.validator}{_rule(error.validator_value)}"


def _place(path: Iterable[str | int]) -> str:
    """Return where in the answer, with keys that could be data (an e-mail address, say) left out."""
    parts = (
        "[*]" if isinstance(part, int) else f".{part}" if re.fullmatch(r"[A-Za-z_][\w-]{0,40}", part) else ".?"
        for part in path
    )
    return "$" + "".join(parts)


def _rule(value: object) -> str:
    """Return the rule's value if it is short: it comes from the document, not from the answer."""
    return f" {value}" if isinstance(value, str | int | float | bool) and len(str(value)) <= 40 else ""  # noqa: PLR2004
