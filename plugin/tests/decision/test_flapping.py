"""History of runs: what each said of each item, and which items keep turning."""

from __future__ import annotations

from typing import Any

from signoff.decision.flapping import RunHistory, run_history
from signoff.model import Checklist, Outcome

P, F, E, S = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.SKIP


def _history(make: Any, words: str, **fields: Any) -> RunHistory:
    """Return the history of one item on one host: a letter for each run, oldest first; `.` did not look."""
    outcomes = {"p": "pass", "f": "fail", "e": "error", "s": "skip"}
    runs = [make.run(f"R{n:02}", 1000 - n * 10) for n in range(len(words))]
    seen = [make.seen(outcomes[w], 999 - n * 10, f"R{n:02}") for n, w in enumerate(words) if w != "."]
    item = fields.pop("item", make.item())
    checklist = Checklist(areas=(), owners={}, stages={}, items=(item,), sha256="")
    return run_history(checklist, make.policy(), [*seen, *fields.pop("seen", ())], fields.pop("runs", runs), **fields)


def test_each_run_has_its_place_in_the_line(make: Any) -> None:
    (line,) = _history(make, "pf.es").items
    assert line.outcomes == (P, F, None, E, S)
    assert _history(make, "pf.es", last=2).items[0].outcomes == (E, S)


def test_three_turns_are_flapping_and_two_are_an_incident(make: Any) -> None:
    turns = {"pppp": 0, "pfpp": 0, "pfpf": 1, "pfep": 0, "psfspsf": 1, "p.f.p.f": 1, "ssss": 0}
    assert {words: len(_history(make, words).items[0].flapping) for words in turns} == turns
    assert _history(make, "pfp", turns=2).items[0].flapping == (make.cell(),)


def test_what_flapped_long_ago_is_history(make: Any) -> None:
    assert _history(make, "pfpf" + "p" * 10).items[0].flapping == ()
    assert _history(make, "pfpf" + "p" * 10, window=14).items[0].flapping == (make.cell(),)


def test_worst_host_speaks_for_the_item_and_the_flapping_one_is_named(make: Any) -> None:
    web2 = make.cell(target="web2")
    other = [make.seen("pass", 999 - n * 10, f"R{n:02}", cell=web2) for n in range(4)]
    (line,) = _history(make, "pfpf", seen=other).items
    assert (line.outcomes, line.flapping) == ((P, F, P, F), (make.cell(),))


def test_failing_and_passing_within_a_run_is_flaky(make: Any) -> None:
    again = [make.seen("pass", 998, "R00", attempt=2)]
    (line,) = _history(make, "f", seen=again).items
    assert (line.outcomes, line.flaky) == ((F,), (make.cell(),))
    allowed = _history(make, "f", seen=again, item=make.item(flaky_allowed=True)).items[0]
    assert (allowed.outcomes, allowed.flaky) == ((P,), (make.cell(),))


def test_run_facts_count_what_was_planned_and_what_was_seen(make: Any) -> None:
    planned = (make.cell(), make.cell(target="web2"))
    runs = [make.run("R00", 1000, planned=planned), make.run("R01", 990, planned=planned, ended=None)]
    first, second = _history(make, "pp", runs=runs).runs
    assert (first.planned, first.observed, first.interrupted) == (2, 1, False)
    assert (second.took, second.interrupted) == (None, True)
    assert first.took is not None


def test_other_releases_are_left_out(make: Any) -> None:
    runs = [make.run("R00", 1000), make.run("R01", 990, release="0.9")]
    assert [facts.run.id for facts in _history(make, "pp", runs=runs).runs] == ["R00"]


def test_last_ten_answers_are_looked_at_and_the_last_fourteen_runs_are_listed(make: Any) -> None:
    history = _history(make, "p" * 20)
    assert (history.window, history.turns, len(history.runs), len(history.items[0].outcomes)) == (10, 3, 14, 14)
    # Of four turns, the first is between the tenth and the eleventh answer from the end.
    assert _history(make, "pfpf" + "p" * 7).items[0].flapping == (make.cell(),)
    assert _history(make, "pfpf" + "p" * 8).items[0].flapping == ()


def test_skip_is_no_turn_and_a_run_of_elsewhere_is_no_answer(make: Any) -> None:
    elsewhere = [make.run("R00", 1000), make.run("R01", 990, environment="staging"), make.run("R02", 980)]
    assert _history(make, "pfp", runs=elsewhere, turns=1).items[0].flapping == ()
    assert _history(make, "psp", turns=1).items[0].flapping == ()
    assert _history(make, "pfp", turns=1).items[0].flapping == (make.cell(),)


def test_cells_that_flap_or_are_flaky_are_each_named_once_and_in_order(make: Any) -> None:
    cells = [make.cell(target=f"web{number}") for number in range(9, 0, -1)]
    again = [
        make.seen(word, 998 - n * 10 - attempt, f"R{n:02}", attempt=attempt, cell=cell)
        for cell in cells
        for n in range(4)
        for attempt, word in enumerate(("fail", "pass") if n % 2 else ("pass",), start=1)
    ]
    (line,) = _history(make, "....", seen=again).items
    assert line.flapping == line.flaky == tuple(sorted(cells))
    (quiet,) = _history(make, "pppp").items
    assert quiet.flaky == ()


def test_run_that_says_that_it_was_interrupted_was(make: Any) -> None:
    planned = (make.cell(), make.cell(target="web2"), make.cell(target="web3"))
    (facts,) = _history(make, "p", runs=[make.run("R00", 1000, planned=planned, interrupted=True)]).runs
    assert (facts.interrupted, facts.planned, facts.observed) == (True, 3, 1)
