"""JSON Schemas for editors: equal to the models, and in agreement with the files that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from signoff.cli.schema import schema
from signoff.config.kinds import KINDS
from signoff.config.schema import schemas
from signoff.config.yamlfile import read_yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = [ROOT / "tests/checklist.yaml", *sorted((ROOT / "inventories").glob("*/*.yaml"))]


def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schemas()[f"{name}.schema.json"]))


def _as_json(data: Any) -> Any:
    """Return the data with text keys, as an editor sees them."""
    if isinstance(data, dict):
        return {str(key): _as_json(value) for key, value in data.items()}
    return [_as_json(value) for value in data] if isinstance(data, list) else data


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_files_that_are_shipped_fit(path: Path) -> None:
    """References included: they are not replaced here."""
    mistakes = [error.message for error in _validator(path.stem).iter_errors(_as_json(read_yaml(path).data))]
    assert not mistakes


@pytest.mark.parametrize("name", ["checklist", "hosts", "services", "policy", "waivers", "attestations"])
def test_schemas_are_schemas_and_always_the_same(name: str) -> None:
    """Equal models, equal bytes."""
    text = schemas()[f"{name}.schema.json"]
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    assert text == schemas()[f"{name}.schema.json"]


@pytest.mark.parametrize(
    ("name", "data", "fits"),
    [
        ("hosts", {"all": {"hosts": {"a": {"signoff": {"spec": {"cpus": "${N}"}}}}}}, True),
        ("hosts", {"all": {"children": {"web": {"hosts": {"a": None}, "vars": {"x": [1]}}}}}, True),
        ("hosts", {"all": {"children": {"web": {"host": {"a": None}}}}}, False),
        ("hosts", {"all": {"vars": {"signoff": {"specs": {}}}}}, False),
        (
            "services",
            {"schema_version": 1, "services": {"c": {"kind": "redis", "host": "h", "purpose": "cache"}}},
            True,
        ),
        ("services", {"schema_version": 1, "services": {"c": {"kind": "redis", "host": "h", "purpose": "${P}"}}}, True),
        ("services", {"schema_version": 1, "services": {"c": {"kind": "redis", "host": "h", "purpose": "nil"}}}, False),
        ("services", {"schema_version": 1, "services": {"c": {"host": "h", "purpose": "cache"}}}, False),
        ("services", {"schema_version": 1, "services": {"c": {"kind": "rediss"}}}, False),
        ("policy", {"schema_version": "${V}"}, False),
    ],
)
def test_mistakes_are_seen_and_references_are_none(name: str, data: Any, *, fits: bool) -> None:
    """A reference may stand for any scalar, but not for the kind of an entry."""
    assert _validator(name).is_valid(data) is fits


def test_every_kind_has_its_place() -> None:
    """One entry of `oneOf` for each."""
    services = json.loads(schemas()["services.schema.json"])
    names = {d["properties"]["kind"].get("const") for d in services["$defs"].values() if "kind" in d["properties"]}
    assert names == set(KINDS)


def test_the_schemas_in_the_repository_are_up_to_date() -> None:
    """Change a model, run `signoff schema`."""
    done = CliRunner().invoke(schema, ["--dir", str(ROOT / "docs/schemas"), "--check"])
    assert done.exit_code == 0, done.output


def test_the_command_writes_checks_and_names_what_is_outdated(tmp_path: Path) -> None:
    """Exit 1 for a file that was edited or is absent; a second writing changes nothing."""
    run = CliRunner().invoke
    options = ["--dir", str(tmp_path / "schemas")]
    assert run(schema, [*options, "--check"]).exit_code == 1
    assert run(schema, options).exit_code == 0
    assert run(schema, [*options, "--check"]).exit_code == 0
    edited = tmp_path / "schemas/policy.schema.json"
    edited.write_text("{}")
    checked = run(schema, [*options, "--check"])
    assert checked.exit_code == 1
    assert "policy.schema.json is out of date" in checked.output
    assert run(schema, options).output == f"wrote {edited}\n"
