"""The template that teams start from loads as it is, knows every kind, and its commented examples are right."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values
from jsonschema import Draft202012Validator

from signoff.cli.init import suite_source
from signoff.config.checklist import load_checklist
from signoff.config.inventory import load_inventory
from signoff.config.kinds import KINDS
from signoff.config.schema import schemas
from signoff.config.yamlfile import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist

TEMPLATE = suite_source() / "inventories" / "production"
EXAMPLE = {name: value or "" for name, value in dotenv_values(TEMPLATE / ".env.example", interpolate=False).items()}


@pytest.fixture(scope="module")
def checklist() -> Checklist:
    return load_checklist(suite_source() / "tests" / "checklist.yaml")


def _load(folder: Path, checklist: Checklist) -> Inventory:
    return load_inventory(folder, checklist, environ=EXAMPLE)


def test_template_loads_with_the_example_values(checklist: Checklist) -> None:
    inventory = _load(TEMPLATE, checklist)
    assert inventory.name == "production"
    assert "app2.example.com" in inventory.hosts


def test_template_shows_every_kind_of_service(checklist: Checklist) -> None:
    inventory = _load(TEMPLATE, checklist)
    assert {entry.settings.kind for entry in inventory.services.values()} == set(KINDS)


def test_template_has_a_target_for_every_check(checklist: Checklist) -> None:
    inventory = _load(TEMPLATE, checklist)
    groups = {group for host in inventory.hosts.values() for group in host.groups}
    kinds = {entry.settings.kind for entry in inventory.services.values()}
    for item in checklist.items:
        for check in item.checks:
            known = {"hosts": groups | {""}, "services": kinds, "-": {""}}[check.targets.scope]
            asked = check.targets.name.split(",")
            assert known.issuperset(asked), f"{item.id} {check.name}: the template has no {check.targets}"


def test_every_example_value_is_used() -> None:
    text = "".join(path.read_text() for path in TEMPLATE.glob("*.yaml"))
    assert {name for name in EXAMPLE if f"${{{name}}}" not in text} == set()


@pytest.mark.parametrize("name", ["waivers", "attestations"])
def test_commented_example_is_right(name: str, checklist: Checklist, tmp_path: Path) -> None:
    """Whoever removes the comment signs and the brackets gets a file that loads."""
    folder = tmp_path / "production"
    shutil.copytree(TEMPLATE, folder)
    path = folder / f"{name}.yaml"
    head, _, example = path.read_text().partition(f"{name}: []\n")
    lines = [line.removeprefix("#") for line in example.splitlines()[1:]]
    path.write_text(f"{head}{name}:\n" + "\n".join(lines) + "\n")
    records = _load(folder, checklist).records
    assert len(getattr(records, name)) == 1


@pytest.mark.parametrize("name", ["attestations", "hosts", "policy", "services", "waivers"])
def test_editors_accept_the_template(name: str) -> None:
    """The file as written, with `${NAME}` in it, keeps to the schema that its first line names."""
    schema = json.loads(schemas()[f"{name}.schema.json"])
    Draft202012Validator(schema).validate(read_yaml(TEMPLATE / f"{name}.yaml").data)
