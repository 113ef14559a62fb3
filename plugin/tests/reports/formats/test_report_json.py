"""The JSON documents: stable, valid by the shipped schema, and closed to unknown keys."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from signoff.model import (
    ApprovalStatus,
    CellResult,
    IssueStatus,
    Observation,
    Severity,
    State,
    Verdict,
)
from signoff.reports.issue_resolution_json import render_issue_resolution_json
from signoff.reports.layout import dumps
from signoff.reports.readiness_json import render_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from signoff.model import Signoff

SCHEMA: dict[str, Any] = json.loads(
    resources.files("signoff.reports").joinpath("readiness.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def errors(document: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_document_is_as_agreed(small: Signoff, golden: Callable[[str, str], None]) -> None:
    golden("readiness.json", render_json(small))


def test_every_document_is_valid(small: Signoff, partial: Signoff) -> None:
    bare = replace(small, items=(), issues=(), approvals=(), runs=(), digest="", valid_until=None, checkpoints=())
    for signoff in (small, partial, bare):
        assert errors(json.loads(render_json(signoff))) == []


@pytest.mark.parametrize(
    "path", [(), ("items", 0), ("items", 0, "cells", 0), ("issues", 0), ("approvals", 0), ("runs", 0)]
)
def test_an_unknown_key_is_refused(small: Signoff, path: tuple[str | int, ...]) -> None:
    document = json.loads(render_json(small))
    place = document
    for step in path:
        place = place[step]
    place["surprise"] = 1
    assert errors(document)


def test_the_schema_asks_for_every_key() -> None:
    objects = [SCHEMA, *(value for value in SCHEMA["$defs"].values() if value.get("type") == "object")]
    assert all(each["additionalProperties"] is False for each in objects)
    assert all(each["required"] == list(each["properties"]) for each in objects)


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (State, SCHEMA["$defs"]["state"]["enum"]),
        (Verdict, SCHEMA["$defs"]["verdict"]["enum"]),
        (Severity, SCHEMA["$defs"]["issue"]["properties"]["severity"]["enum"]),
        (IssueStatus, SCHEMA["$defs"]["issue"]["properties"]["status"]["enum"]),
        (ApprovalStatus, SCHEMA["$defs"]["approval"]["properties"]["status"]["enum"]),
    ],
)
def test_the_schema_knows_every_machine_name(names: Any, place: list[str]) -> None:
    assert [str(name) for name in names] == place


def test_a_cell_says_all_that_was_observed(small: Signoff) -> None:
    cell = json.loads(render_json(small))["items"][0]["cells"][0]
    told = {"observed", "expected", "reason", "inspected", "run", "fingerprint", "evidence_sha256"}
    assert told <= {field.name for field in fields(Observation)}
    assert {"state", "flaky", "waiver", "note"} <= {field.name for field in fields(CellResult)}
    assert (cell["target"], cell["state"], cell["observed"]) == ("cache1", "FAIL", "96 % of maxmemory used")
    assert cell["at"] == "2025-06-23T04:30:00Z"


def test_a_selection_names_its_items(partial: Signoff) -> None:
    document = json.loads(render_json(partial))
    assert document["scope"] == ["INT-FIN-4", "INT-SYS-1"]
    assert sum(document["counts"].values()) == 2


def test_text_that_is_no_unicode_still_makes_a_file(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "db1", State.FAIL, "bytes \udcff here")
    text = render_json(make.signoff((make.result("A-B-1", State.FAIL, [cell]),)))
    assert json.loads(text.encode("utf-8"))["items"][0]["cells"][0]["observed"] == "bytes \udcff here"


def test_containers_are_laid_out_down_to_a_depth() -> None:
    assert dumps({"a": [{"b": 1}, {"b": [2]}], "c": {}}, 2) == (
        '{\n  "a": [\n    {"b": 1},\n    {"b": [2]}\n  ],\n  "c": {}\n}\n'
    )


def test_the_issue_resolution_report_is_as_agreed(small: Signoff, golden: Callable[[str, str], None]) -> None:
    text = render_issue_resolution_json(small)
    summary = json.loads(text)["summary"]
    golden("issue_resolution.json", text)
    assert (summary["open"], summary["overdue"], summary["solved_late"], summary["reopened"]) == (1, 1, 1, 1)
