"""A part of the checklist: what it judges, what it may say, and how parts add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {"checks": ["alive"], "targets": "hosts"},
    "INF-SRV-2": {"checks": ["whole"], "owner": "dba", "stage": 2},
    "INF-NET-1": {"section": "network", "checks": ["missing"]},
}
TESTS = (
    '@pytest.mark.checklist(id="INF-SRV-1")\ndef test_alive(target): pass\n'
    '@pytest.mark.checklist(id="INF-SRV-2")\ndef test_whole(): assert not os.path.exists("broken"), "broken"\n'
)


@pytest.fixture(scope="module")
def parts(write_suite: Callable[..., Any]) -> Any:
    """Return a suite with an item that has no test."""
    return write_suite(ITEMS, TESTS)


@pytest.mark.parametrize(
    ("options", "status", "judged"),
    [
        (["-m", "servers"], 0, "2/3"),
        (["-m", "infra"], 11, "3/3"),
        (["-m", "network"], 11, "1/3"),
        (["-m", "checklist(id='INF-SRV-2')"], 0, "1/3"),
        (["--owner", "dba"], 0, "1/3"),
        (["--stage", "2"], 0, "1/3"),
        (["--stage", "1"], 11, "2/3"),
        (["-k", "alive"], 0, "1/3"),
        (["-k", "nothing_of_that_name"], 11, "0/3"),
        (["tests/test_it.py::test_whole"], 0, "1/3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_selection_is_judged_as_far_as_it_goes(parts: Any, options: list[str], status: int, judged: str) -> None:
    """Exit 0 says that all of the selection is satisfied; it is never READY or GO."""
    run = parts.run(*options)
    assert run.status == status, run.output
    assert judged in run.output
    assert run.verdict == ("SELECTION-OK" if status == 0 else "INCOMPLETE")
    assert "READY" not in run.output


def test_a_selection_over_workers_knows_its_items_too(parts: Any) -> None:
    """Workers collect, the controller judges; a parameter's target in a node id is no part of the item."""
    run = parts.run("-k", "alive", workers=2)
    assert run.status == 0, run.output
    assert run.document["scope"] == ["INF-SRV-1"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-m", "sevrers"], "did you mean 'servers'?"),
        (["-m", "servers or netwrok"], "did you mean 'network'?"),
        (["-m", "servers and ("], "-m"),
        (["-m", "servers or checklist(id='INF-SRV-9')"], "unknown checklist item 'INF-SRV-9'"),
        (["-m", "servers and network"], "about no item"),
        (["--owner", "dbb"], "did you mean 'dba'?"),
        (["--stage", "7"], "known: 1, 2"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_typing_error_in_a_selection_is_a_usage_error(parts: Any, options: list[str], says: str) -> None:
    """Otherwise it would select nothing, silently."""
    before = parts.artifacts()
    run = parts.run(*options)
    assert run.status == 4, run.output
    assert says in run.output
    assert parts.artifacts() == before


def test_gate_option_asks_for_the_whole_release_or_for_nothing(parts: Any) -> None:
    """`full` judges everything although a part was run; `off` gives pytest's own status."""
    full = parts.run("-m", "servers", "--signoff-gate=full")
    assert full.status == 11, full.output
    parts.write("broken", "")
    off = parts.run("-m", "servers", "--signoff-gate=off")
    (parts.folder / "broken").unlink()
    assert off.status == 1, off.output


def test_language_of_texts_is_chosen(parts: Any) -> None:
    """Machine names stay as they are."""
    korean = parts.run("-m", "servers", "--signoff-lang=ko")
    assert "부분 점검" in korean.output
    assert korean.verdict == "SELECTION-OK"
    english = parts.run("-m", "servers", "--signoff-lang=en")
    assert "부분 점검" not in english.output
    assert "partial" in english.output.lower()


def test_parts_add_up(write_suite: Callable[..., Any]) -> None:
    """Two teams' runs are one sign-off."""
    items = {name: ITEMS[name] for name in ("INF-SRV-1", "INF-SRV-2")}
    suite = write_suite(items, TESTS)
    assert suite.run("--owner", "infra").status == 0
    assert suite.evaluate().verdict is Verdict.INCOMPLETE
    assert suite.run("--owner", "dba").status == 0
    assert suite.evaluate().verdict is Verdict.READY
    full = suite.run("--owner", "dba", "--signoff-gate=full")
    assert full.status == 0
    assert "READY" not in full.document["verdict"]


def test_a_mark_of_the_team_selects_what_was_collected(write_suite: Callable[..., Any]) -> None:
    """A registered marker that tests carry themselves is no typing error."""
    suite = write_suite(ITEMS, TESTS.replace("@", "@pytest.mark.quick\n@", 1))
    path = suite.folder / "pyproject.toml"
    path.write_text(path.read_text() + 'markers = ["quick: takes no time"]\n')
    run = suite.run("-m", "quick")
    assert run.status == 0, run.output
    assert run.document["scope"] == ["INF-SRV-1"]
