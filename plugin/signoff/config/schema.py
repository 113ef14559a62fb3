"""JSON Schemas of the input files, for editors: generated from the same models that read the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from signoff.config.checklist import ChecklistFile
from signoff.config.hosts import HostSettings
from signoff.config.inventory import ServicesFile
from signoff.config.kinds import KINDS
from signoff.config.policy import PolicyFile
from signoff.config.publishing import PublishingFile
from signoff.config.records import AttestationsFile, WaiversFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
"""A text with `${NAME}` may stand for any scalar: what it becomes is known only where the file is read."""
_ABOUT = ("title", "description", "default", "examples")
_FIXED = frozenset({"kind", "schema_version"})
"""Keys that are written out, because an editor chooses the rest of the schema by them."""


def schemas() -> dict[str, str]:
    """Return the text of every schema, by file name; equal models give equal texts."""
    return {f"{name}.schema.json": _text(make()) for name, make in _FILES.items()}


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def _plain(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _with_references(model: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = _referable(_plain(model))
    return schema


def _hosts() -> dict[str, Any]:
    """Return Ansible's inventory: groups within groups, any variable, and one strict mapping of ours."""
    settings = _with_references(HostSettings)
    variables = {"type": ["object", "null"], "properties": {"signoff": {"$ref": "#/$defs/HostSettings"}}}
    group = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "vars": {"$ref": "#/$defs/Variables", "description": "Variables of every host below."},
            "hosts": _mapping_of("Variables", "Hosts, or ranges such as web[01:20]."),
            "children": _mapping_of("Group", "Groups within this one."),
        },
    }
    definitions = {**settings.pop("$defs", {}), "HostSettings": settings, "Variables": variables, "Group": group}
    title = "Ansible's YAML inventory, with what is asked of hosts under signoff:"
    return {"title": title, **_mapping_of("Group", "Groups."), "$defs": definitions}


def _mapping_of(definition: str, description: str) -> dict[str, Any]:
    inner = {"$ref": f"#/$defs/{definition}"}
    return {"type": ["object", "null"], "description": description, "additionalProperties": inner}


def _services() -> dict[str, Any]:
    """Return the services file, where `kind` chooses the keys of an entry."""
    models = list(dict.fromkeys(KINDS.values()))
    places, shared = models_json_schema([(model, "validation") for model in models])
    definitions = _referable(shared["$defs"])
    entries = [places[model, "validation"] for model in models]
    for entry in entries:
        definition = definitions[entry["$ref"].rpartition("/")[2]]
        definition["required"] = ["kind", *(name for name in definition.get("required", []) if name != "kind")]
    schema = _plain(ServicesFile)
    schema["properties"]["services"] |= {"additionalProperties": {"oneOf": entries}}
    return {**schema, "$defs": definitions}


def _referable(schema: Any, key: str = "") -> Any:
    """Return the schema with every scalar that a plain text would not satisfy widened to references."""
    if isinstance(schema, list):
        return [_referable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if key in {"default", "examples", "propertyNames"}:
        return schema
    if _is_narrow_scalar(schema) and key not in _FIXED:
        about = {name: schema[name] for name in _ABOUT if name in schema}
        inner = {name: value for name, value in schema.items() if name not in _ABOUT}
        return {**about, "anyOf": [inner, _REFERENCE]}
    return {name: _referable(value, name) for name, value in schema.items()}


def _is_narrow_scalar(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    if isinstance(kind, dict):  # a property that is called type
        return False
    narrow = {"pattern", "format", "enum", "const"} & schema.keys()
    return kind in {"integer", "number", "boolean"} or (kind == "string" and bool(narrow))


_FILES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "checklist": lambda: _plain(ChecklistFile),
    "hosts": _hosts,
    "services": _services,
    "policy": lambda: _with_references(PolicyFile),
    "waivers": lambda: _with_references(WaiversFile),
    "attestations": lambda: _with_references(AttestationsFile),
    "publish": lambda: _with_references(PublishingFile),
}
