"""Every export, whole: the files that the readers of each ecosystem are given (`.ci/check_exports.py`)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import State
from signoff.reports.exports.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Signoff

JSON = ["oscal-ar", "oscal-poam", "hdf", "ctrf", "intoto", "sarif"]


@pytest.mark.parametrize("name", [*JSON, "csv", "markdown"])
def test_the_export_is_the_golden_one(
    name: str, every: Signoff, told: Callable[..., str], golden: Callable[[str, str], None]
) -> None:
    text = told(name, every)
    assert ("\r\n" in text) is (name == "csv")
    golden(f"exports/{name}{FORMATS[name].suffix}", text.replace("\r\n", "\n"))


def test_the_verification_result_of_a_go_is_the_golden_one(
    go: Signoff, told: Callable[..., str], golden: Callable[[str, str], None]
) -> None:
    golden("exports/svr.json", told("svr", go))


def test_every_format_has_a_golden_file() -> None:
    assert set(FORMATS) == {*JSON, "svr", "csv", "markdown"}


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_titles_are_in_the_language_asked_for(
    name: str, language: str, every: Signoff, told: Callable[..., str]
) -> None:
    text = told(name, every, language=language)
    if name != "intoto":  # it has ids alone
        assert ("SEC-CFG-1 점검" in text) is (language == "ko") or "oscal-poam" in name
    assert json.loads(text)
    assert told(name, every, language=language) == text


@pytest.mark.parametrize("name", list(FORMATS))
def test_hostile_and_empty_text_leaves_the_export_whole(
    name: str, small: Signoff, go: Signoff, told: Callable[..., str]
) -> None:
    signoff = replace(go, product="\x1b[31m\ud800 <script>") if name == "svr" else small
    text = told(name, signoff)
    text.encode()
    if name in {*JSON, "svr"}:
        json.loads(text)


@pytest.mark.parametrize("name", ["oscal-ar", "hdf", "ctrf", "intoto", "csv", "markdown"])
def test_a_decision_without_anything_is_told(name: str, every: Signoff, told: Callable[..., str]) -> None:
    assert told(name, replace(every, items=(), issues=(), runs=(), approvals=(), reasons=(), inputs={}))


def test_the_states_of_the_plan_are_told_in_the_plans_order(every: Signoff, told: Callable[..., str]) -> None:
    ids = [each.item.id for each in every.items]
    ctrf = json.loads(told("ctrf", every))["results"]
    assert [test["testId"] for test in ctrf["tests"]] == ids
    assert ctrf["summary"]["extra"]["states"] == {state.value: every.count(state) for state in State}
    assert ctrf["summary"]["tests"] == len(ids)
    assert [line for line in told("markdown", every).splitlines() if "**" in line and "[" in line]


def test_every_identifier_of_oscal_is_used_once(every: Signoff, told: Callable[..., str]) -> None:
    for name in ("oscal-ar", "oscal-poam"):
        found = list(uuids(json.loads(told(name, every))))
        assert sorted(found) == sorted(set(found))


def test_every_reference_of_oscal_leads_somewhere(every: Signoff, told: Callable[..., str]) -> None:
    for name in ("oscal-ar", "oscal-poam"):
        document = json.loads(told(name, every))
        known = set(uuids(document))
        wanted = set(references(document))
        assert wanted
        assert wanted <= known


def uuids(part: Any) -> Any:
    if isinstance(part, dict):
        if "uuid" in part:
            yield part["uuid"]
        for each in part.values():
            yield from uuids(each)
    elif isinstance(part, list):
        for each in part:
            yield from uuids(each)


def references(part: Any) -> Any:
    if isinstance(part, dict):
        for name, each in part.items():
            if name.endswith("-uuid"):
                yield each
            elif name == "party-uuids":
                yield from each
            else:
                yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_attestations_are_statements(every: Signoff, go: Signoff, told: Callable[..., str]) -> None:
    for name, signoff in (("intoto", every), ("svr", go)):
        document = json.loads(told(name, signoff))
        assert sorted(document) == ["_type", "predicate", "predicateType", "subject"]
        assert document["_type"] == "https://in-toto.io/Statement/v1"
        assert document["subject"][0]["digest"] == {"gitCommit": every.commit}
        assert document["subject"][1]["digest"] == {"sha256": every.digest}
        short = json.loads(told(name, replace(signoff, commit="3f9c2a1")))
        assert [subject["name"] for subject in short["subject"]] == ["signoff-evidence-set"]
