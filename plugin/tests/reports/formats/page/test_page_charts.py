"""What the charts are computed from: groups of targets, columns of runs, and what the filter knows of each item."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import NO_TARGET, Outcome, Publication, RunTold, State
from signoff.reports.chart_text import ChartText
from signoff.reports.heat_map import ROW_LIMIT, heat_map
from signoff.reports.item_filter import item_filter
from signoff.reports.messages import Messages
from signoff.reports.run_chart import HEIGHT, run_chart, run_line, said_of
from signoff.reports.tickets import tickets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import SimpleNamespace

    from signoff.model import Signoff

STATES = (State.FAIL, State.ERROR, State.NOT_VERIFIED, State.PASS)


def asked(make: SimpleNamespace, looks: Mapping[str, str]) -> Signoff:
    """Return a decision on as many items as the looks are long; F, E, N, P is a target's state there, space: none."""
    letters = {str(state)[0]: state for state in STATES}
    results = []
    for column in range(max(map(len, looks.values()), default=0)):
        there = [(host, line[column]) for host, line in looks.items() if column < len(line) and line[column] != " "]
        cells = [make.cell(f"A-B-{column}", host, letters[letter], "x") for host, letter in there]
        cells += [make.cell(f"A-B-{column}", NO_TARGET, State.PASS, "x")]
        results.append(make.result(f"A-B-{column}", State.PASS, cells))
    signoff: Signoff = make.signoff(tuple(results))
    return signoff


def test_targets_that_look_the_same_are_one_row_worst_first(make: SimpleNamespace) -> None:
    looks = {"web10": "PP", "web2": "PP", "db1": "EP", "web1": "PP", "db2": "FP", "lb": "P", "ns": " P"}
    rows = heat_map(asked(make, looks)).rows
    assert [(row.label, row.count) for row in rows] == [("db2", 1), ("db1", 1), ("web1", 3), ("lb", 1), ("ns", 1)]
    assert rows[2].names == "web1, web2, web10"
    assert rows[0].bad == {State.FAIL: (("A-B-0",), 0)}


def test_what_has_no_row_of_its_own_is_counted_by_its_worst(make: SimpleNamespace) -> None:
    looks = {f"host{number:02}": format(number, "06b").replace("0", "P").replace("1", "F") for number in range(64)}
    looks |= {"down1": "EEEEEE", "down2": "EEEEEE", "fine": "PPPPPP"}
    *rows, rest, fine = heat_map(asked(make, looks)).rows
    assert len(rows) == ROW_LIMIT
    assert rest.mixed
    assert rest.count == rest.patterns == 64 - ROW_LIMIT
    assert rest.counts == {State.FAIL: 6}
    assert not any(row.mixed for row in rows)
    assert [row.count for row in rows if row.label == "down1"] == [2], "much that could not be asked is not hidden"
    assert (fine.label, fine.count, fine.bad) == ("fine", 2, {})


@settings(max_examples=60, deadline=None)
@given(
    looks=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
            lambda name: name != NO_TARGET
        ),
        st.text("FENP ", min_size=1, max_size=5).filter(str.strip),
        max_size=60,
    )
)
def test_every_target_is_in_exactly_one_row_and_nothing_bad_is_hidden(make: SimpleNamespace, looks: Any) -> None:
    found = heat_map(asked(make, looks))
    assert sum(row.count for row in found.rows) == found.targets == len(looks)
    worst = [
        min((s for s in STATES for line in looks.values() if str(s)[0] in line), default=None, key=lambda s: s.rank)
    ]
    assert [min(row.counts, key=lambda state: state.rank) for row in found.rows[:1]] == [each for each in worst if each]
    for row in found.rows:
        assert sorted(row.counts.items()) == sorted((mark.state, len(mark.columns)) for mark in row.marks)


def test_the_filter_knows_every_target_of_an_item(make: SimpleNamespace) -> None:
    signoff = asked(make, {"a": "F", "b": "P", "c": "P", "d": "P", "e": "E", "f": "P"})
    known = item_filter(signoff)
    assert known.targets == tuple("abcdef")
    assert known.places(signoff.items[0]) == "FAIL:0;PASS:1-3,5;ERROR:4"
    assert known.states == (State.FAIL, State.ERROR, State.PASS)


def test_of_several_checks_on_a_target_the_worst_is_known(make: SimpleNamespace) -> None:
    cells = [make.cell("A-B-1", "db1", state, "x", check=f"c{state}") for state in (State.PASS, State.FAIL)]
    signoff = make.signoff((make.result("A-B-1", State.FAIL, cells),))
    assert item_filter(signoff).places(signoff.items[0]) == "FAIL:0"
    assert heat_map(signoff).rows[0].counts == {State.FAIL: 1}


def test_a_column_is_as_high_as_the_run_asked_for_and_worst_at_the_bottom(storied: Signoff) -> None:
    chart = run_chart(storied)
    assert len(chart) == 14
    whole, partial = chart[0], chart[4]
    assert [part.state for part in whole.parts] == list(STATES)
    assert sum(part.height + 1 for part in whole.parts) == pytest.approx(HEIGHT, abs=1)
    assert partial.total < whole.total
    assert min(part.top for part in partial.parts) > HEIGHT / 2
    for column in chart:
        assert all(part.height >= 14 for part in column.parts)
        assert sum(column.counts.values()) == sum(part.count for part in column.parts)


def test_the_small_line_compares_whole_runs_only(storied: Signoff) -> None:
    chart = run_chart(storied)
    line = run_line(chart)
    assert len(line) == 12
    words = ChartText(Messages("en")).line(line)
    assert words == f"Last 12 whole runs: {chart[0].open} → {chart[-1].open} items not passed"
    assert run_line(chart[:1]) == ()


def test_a_selection_counts_its_own_items_only(storied: Signoff) -> None:
    scope = frozenset(result.item.id for result in storied.items if result.item.area == "security")
    assert all(column.total <= len(scope) for column in run_chart(replace(storied, scope=scope)))


def test_what_a_run_said_of_an_item_is_told_or_left_blank() -> None:
    told = [RunTold(run="1", items={"A": Outcome.SKIP}), RunTold(run="2", items={})]
    line = said_of("A", told)
    assert line == (State.NOT_VERIFIED, None)
    assert ChartText(Messages("en")).said(line) == "Not verified, not asked"


def test_the_last_known_ticket_counts(small: Signoff) -> None:
    def told(place: str, url: str, **fields: Any) -> Publication:
        given = {"channel": "jira", "environment": "production", "release": "1.0.0", "subject": "ISS-1"}
        return Publication(**{**given, "place": place, "url": url, **fields})

    address = "https://jira.example.test/browse/"
    found = tickets(
        replace(
            small,
            publications=(
                told("OPS-1", f"{address}OPS-1"),
                told("NEW-7", f"{address}NEW-7"),
                told("", "", step="begun"),
                told("C1", f"{address}C1", channel="slack"),
                told("OPS-2", "javascript:alert(1)", subject="ISS-2"),
            ),
        )
    )
    assert (found["ISS-1"].label, found["ISS-1"].href) == ("NEW-7", f"{address}NEW-7")  # type: ignore[union-attr]
    assert (found["ISS-2"].label, found["ISS-2"].href) == ("OPS-2", "")  # type: ignore[union-attr]
    assert found["ISS-3"] is None
