"""The matrix of weakness categories: covered, broken, left to people, or looked at by nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.notes import in_both
from signoff.errors import ConfigError
from signoff.model import Method, Severity, State, Text, WeaknessCategory

RULE = "every_weakness_category_is_covered"
TITLE = Text(ko="제목", en="Title")
INJECTION = WeaknessCategory(key="A05", title=TITLE, cwes=frozenset({79, 89}))
ACCESS = WeaknessCategory(key="A01", title=TITLE, cwes=frozenset({862}))
DESIGN = WeaknessCategory(key="A06", title=TITLE, cwes=frozenset({799}), by_people=True)


def _source(make: Any, item_id: str, *cwes: int, **fields: Any) -> Any:
    item = make.item(item_id, **fields)
    return replace(item, checks=tuple(replace(check, weaknesses=frozenset(cwes)) for check in item.checks))


def _matrix(make: Any, observations: Any, sources: Any, *categories: WeaknessCategory, **fields: Any) -> Any:
    top_ten = make.item("SEC-VUL-4", method=Method.HYBRID, derives=RULE, checks=("mapped",), owner="qa")
    seen = [*observations, make.seen(cell=make.cell("SEC-VUL-4", "mapped"))]
    policy = make.policy(categories=categories)
    return make.judge(seen, items=(*sources, top_ten), policy=policy, **fields).items[-1]


def _attested(make: Any) -> Any:
    from signoff.model import Records

    return Records(attestations=(make.attestation(item="SEC-VUL-4", at=make.now - timedelta(minutes=1)),))


CASES: dict[str, tuple[dict[str, Any], State, str]] = {
    "passed": ({}, State.PASS, "A05: covered by SEC-CFG-1"),
    "failed": ({"outcome": "fail", "reason": "not safe"}, State.FAIL, "A05: an open finding of SEC-CFG-1"),
    "failed by its weakness": (
        {"outcome": "fail", "reason": "x (CWE-79)"}, State.FAIL, "A05: an open finding of SEC-CFG-1",
    ),
    "failed by another weakness": (
        {"outcome": "fail", "reason": "x (CWE-999)"}, State.NOT_VERIFIED, "A05: no source has passed (SEC-CFG-1 FAIL)",
    ),
    "could not look": ({"outcome": "error"}, State.NOT_VERIFIED, "A05: no source has passed (SEC-CFG-1 ERROR)"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_category_is_what_its_sources_say(make: Any, name: str) -> None:
    seen, state, note = CASES[name]
    result = _matrix(make, [make.seen(**seen)], [_source(make, "SEC-CFG-1", 89)], INJECTION, records=_attested(make))

    assert (result.state, result.note) == (state, note)


def test_a_finding_of_low_severity_covers_nothing_and_breaks_nothing(make: Any) -> None:
    source = _source(make, "SEC-CFG-1", 89, severity=Severity.LOW)

    assert _matrix(make, [make.seen("fail")], [source], INJECTION, records=_attested(make)).state is State.NOT_VERIFIED


def test_a_finding_counts_where_its_weakness_belongs(make: Any) -> None:
    sources = [_source(make, "SEC-CFG-1", 89, 862)]
    result = _matrix(
        make, [make.seen("fail", reason="x (CWE-862)")], sources, ACCESS, INJECTION, records=_attested(make)
    )

    assert result.note.startswith("A01: an open finding of SEC-CFG-1; A05: no source has passed")


def test_an_item_that_passed_by_another_check_covers_nothing(make: Any) -> None:
    item = make.item("SEC-CFG-1", checks=("locked", "scanned"))
    source = replace(item, checks=(item.checks[0], replace(item.checks[1], weaknesses=frozenset({89}))))
    result = _matrix(make, [make.seen()], [source], INJECTION, records=_attested(make))

    assert result.state is State.NOT_VERIFIED


def test_a_category_without_any_source_says_so(make: Any) -> None:
    result = _matrix(make, [make.seen()], [_source(make, "SEC-CFG-1", 89)], ACCESS, records=_attested(make))

    assert result.note == "A01: no source has passed (no item looks for it)"
    assert in_both(result.note).ko == "A01: 통과한 근거가 없음(no item looks for it)"


def test_a_category_for_people_needs_their_attestation(make: Any) -> None:
    sources = [_source(make, "SEC-CFG-1", 89)]

    alone = _matrix(make, [make.seen()], sources, INJECTION, DESIGN)
    assert (alone.state, alone.note.split("; ")[1]) == (State.NOT_VERIFIED, "A06: left to the attestation")
    assert _matrix(make, [make.seen()], sources, INJECTION, DESIGN, records=_attested(make)).state is State.PASS


def test_no_categories_are_no_matrix(make: Any) -> None:
    assert (
        _matrix(make, [make.seen()], [_source(make, "SEC-CFG-1", 89)], records=_attested(make)).state
        is State.NOT_VERIFIED
    )


def test_a_selection_of_this_item_alone_has_verified_something(make: Any) -> None:
    top_ten = make.item("SEC-VUL-4", method=Method.HYBRID, derives=RULE, checks=("mapped",), owner="qa")
    seen = [make.seen(cell=make.cell("SEC-VUL-4", "mapped"))]
    policy = make.policy(categories=(DESIGN,))
    signoff = make.judge(seen, items=(top_ten,), policy=policy, records=_attested(make), scope=frozenset({"SEC-VUL-4"}))

    assert signoff.items[0].state is State.PASS
    assert signoff.reasons == ()


def test_only_a_hybrid_item_can_leave_a_category_to_people(make: Any) -> None:
    item = make.item("SEC-VUL-4", method=Method.DERIVED, derives=RULE, checks=())
    with pytest.raises(ConfigError, match="needs an attestation"):
        make.judge([], items=(item,))
