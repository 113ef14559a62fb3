"""What the page is computed from: blockers in order, rows that collapse, bars that stay readable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from signoff.model import Method, Reason, State, Text, Verdict
from signoff.reports.area_bars import area_bars
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.cell_rows import NAMES_LIMIT, ROW_LIMIT, rows
from signoff.reports.facts import item_fact, next_step
from signoff.reports.instants import remaining, shown, span, zone
from signoff.reports.links import is_safe
from signoff.reports.messages import Messages
from signoff.reports.standing import headline

if TYPE_CHECKING:
    from types import SimpleNamespace

    from signoff.model import Signoff

EN = Messages("en")


def test_blockers_come_worst_first_and_consequences_last(realistic: Signoff) -> None:
    ids = [blocker.result.item.id for blocker in blockers(realistic)]
    assert set(ids[:5]) == {"INF-SVC-1", "SW-DEP-3", "SEC-CFG-4", "MON-SYS-5", "BAK-JOB-4"}
    assert ids[5:] == ["INT-FIN-2", "INF-NET-3", "PERF-STAB-1", "INT-FIN-1", "SEC-VUL-1"]


def test_an_advisory_item_blocks_nothing(small: Signoff) -> None:
    first = replace(small.items[0], item=replace(small.items[0].item, blocking=False))
    signoff = replace(small, items=(first, *small.items[1:]), reasons=())
    assert "INF-SVC-1" not in {blocker.result.item.id for blocker in blockers(signoff)}


def test_a_satisfied_item_with_an_open_issue_is_shown_with_its_reason(small: Signoff) -> None:
    reason = Reason(verdict=Verdict.INCOMPLETE, item="INT-SYS-1", text=Text(ko="미해결", en="issue is open"))
    (last,) = blockers(replace(small, items=small.items[4:], reasons=(reason,)))
    assert (last.result.item.id, last.reasons) == ("INT-SYS-1", (reason,))


def test_reasons_about_no_item_are_kept_apart(small: Signoff) -> None:
    assert [reason.text.en for reason in general_reasons(small)] == ["run it all again"]


def test_a_thousand_passes_are_one_row(make: SimpleNamespace) -> None:
    cells = [make.cell("A-B-1", f"host{number:04}.example.test", State.PASS, "ok") for number in range(1000)]
    (row,) = rows(cells)
    assert row.count == 1000
    assert len(row.targets) <= NAMES_LIMIT + 40
    assert row.unnamed + row.targets.count(",") + 1 == 1000


def test_failures_keep_rows_of_their_own_up_to_a_limit(make: SimpleNamespace) -> None:
    bad = [make.cell("A-B-1", f"bad{number:03}", State.FAIL, "no") for number in range(100)]
    good = [make.cell("A-B-1", f"good{number}", State.PASS, "yes") for number in range(2)]
    found = rows([*good, *bad])
    assert [row.count for row in found] == [1] * ROW_LIMIT + [100 - ROW_LIMIT, 1, 1]
    assert found[0].state is State.FAIL


def test_every_segment_of_a_bar_has_room_for_its_label(realistic: Signoff) -> None:
    for bar in area_bars(realistic):
        assert all(segment.width >= 9 for segment in bar.segments)
        assert sum(segment.width for segment in bar.segments) <= 100
        assert sum(segment.count for segment in bar.segments) == bar.total


def test_the_fact_says_what_is_missing(make: SimpleNamespace) -> None:
    passed = make.cell("A-B-1", "-", State.PASS, "fine")
    unattested = make.result("A-B-1", State.NOT_VERIFIED, [passed], method=Method.HYBRID)
    nothing = make.result("A-B-1", State.NOT_VERIFIED, [])
    assert str(item_fact(unattested, EN)) == "The attestation is missing."
    assert str(item_fact(nothing, EN)) == "There is no evidence."
    assert next_step(unattested, "prod", EN).command == ""


def test_a_target_is_not_named_twice(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "db1", State.ERROR, reason="db1: refused")
    assert str(item_fact(make.result("A-B-1", State.ERROR, [cell]), EN)) == "db1: refused"


def test_stale_evidence_says_why_before_what(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "-", State.STALE, "0 high", note="older than 7d")
    stale = make.result("A-B-1", State.STALE, [cell])
    assert item_fact(stale, EN).text == "older than 7d (0 high)"
    assert item_fact(stale, Messages("ko")).text == "7d보다 오래됨 (0 high)"


@pytest.mark.parametrize(
    ("state", "text", "command"),
    [
        (State.FAIL, "Mend the setting. Check again.", False),
        (State.ERROR, "Restore the connection", True),
        (State.STALE, "Check again.", True),
        (State.NOT_VERIFIED, "Run the check.", True),
    ],
)
def test_the_next_step_fits_the_state(make: SimpleNamespace, state: State, text: str, command: bool) -> None:
    step = next_step(make.result("A-B-1", state, [make.cell("A-B-1", "-", state, "x")]), "prod", EN)
    assert step.text.startswith(text)
    assert step.command == ("pytest -m \"checklist(id='A-B-1')\" --inventory prod" if command else "")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_the_whole_release_can_be_go(small: Signoff, verdict: Verdict) -> None:
    whole = headline(replace(small, verdict=verdict), EN)
    part = headline(replace(small, verdict=verdict, scope=frozenset({"INT-SYS-1"})), EN)
    assert whole.label == verdict.value
    assert whole.partial == ""
    assert part.partial == "Partial check 1/8"
    assert part.label not in {"GO", "READY", "SELECTION-OK"}


def test_instants_say_their_offset() -> None:
    noon = datetime(2025, 6, 23, 3, 0, tzinfo=UTC)
    assert shown(noon, zone("Asia/Seoul")) == "2025-06-23 12:00 +09:00"
    assert shown(noon, zone("UTC")) == "2025-06-23 03:00 UTC"
    assert shown(noon, zone("No/Where")) == "2025-06-23 03:00 UTC"


def test_durations_are_read_in_their_largest_unit() -> None:
    assert span(timedelta(minutes=5), EN) == "5 minutes"
    assert span(timedelta(days=1), EN) == "1 day"
    assert span(timedelta(seconds=90), EN) == "90 seconds"
    now = datetime(2025, 6, 23, tzinfo=UTC)
    assert remaining(now + timedelta(days=2, hours=1), now, EN) == "2 days left"
    assert remaining(now + timedelta(hours=5), now, EN) == "5 hours left"
    assert remaining(now, now, EN) == "ended"


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("run_report.html", True),
        ("../x/a b.json", True),
        ("https://wiki.example.test/page", True),
        ("javascript:alert(1)", False),
        (" java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//elsewhere.test/x", False),
        ("http://[bad", False),
    ],
)
def test_links_cannot_run_anything(address: str, safe: bool) -> None:
    assert is_safe(address) is safe
