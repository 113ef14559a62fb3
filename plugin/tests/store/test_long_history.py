"""Reading of a long history only what is needed says exactly what the whole history says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.decision.evaluate import evaluate
from signoff.decision.hindsight import World, baseline, baseline_instant
from signoff.decision.history import CLOCK_TOLERANCE
from signoff.decision.told import told
from signoff.model import (
    Area,
    Cell,
    Check,
    Checklist,
    Item,
    Method,
    Observation,
    Outcome,
    PlannedCell,
    Policy,
    Records,
    Run,
    Section,
    Selector,
    Severity,
    Source,
    Target,
    Text,
)
from signoff.store import remembered
from signoff.store.journal import Journals, JournalWriter, read_journals
from signoff.store.needed import read_needed
from signoff.store.remembered import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAME = Text(ko="이름", en="name")
ITEMS = tuple(
    Item(
        id=f"SEC-CFG-{number}",
        area="security",
        section="config",
        owner="security",
        stage=1,
        severity=Severity.HIGH,
        blocking=True,
        method=Method.TEST,
        max_age=timedelta(hours=30),
        title=NAME,
        remediation=NAME,
        checks=(Check(name=f"locked_{number}", item=f"SEC-CFG-{number}", targets=Selector(scope="hosts")),),
        flaky_allowed=number == 2,
    )
    for number in (1, 2)
)
CELLS = [Cell(item=i.id, check=i.checks[0].name, target=host) for i in ITEMS for host in ("web1", "웹2")]
CHECKLIST = Checklist(
    areas=(Area(key="security", title=NAME, sections=(Section(key="config", title=NAME),)),),
    owners={"security": NAME},
    stages={1: NAME},
    items=ITEMS,
    sha256="c" * 64,
)
PLANNED = [
    PlannedCell(
        cell=cell,
        target=Target(name=cell.target, kind="host", sha256="d" * 64),
        source=Source(path="t.py", line=1, sha256="e" * 64),
    )
    for cell in CELLS
]
POLICY = Policy(product="Shop", environment="demo", release="1.0", commit="abc", timezone="Asia/Seoul", sha256="p" * 64)

# Mostly passes, so that much can be left out; runs overlap often, and some of them lie in the future.
observations = st.lists(
    st.tuples(
        st.sampled_from(CELLS),
        st.sampled_from(["pass"] * 9 + ["fail", "error", "skip"]),
        st.integers(0, 50),
        st.sampled_from([1, 1, 1, 1, 2]),
        st.sampled_from([None, 3, 3, 3, 0]),
    ),
    max_size=6,
)
runs = st.lists(
    st.tuples(
        st.integers(-1, 40),
        st.sampled_from(["", "", "", "-m security"]),
        st.sampled_from(["ended", "ended", "ended", "interrupted", "killed"]),
        st.sampled_from(["recorded", "recorded", "recorded", "monitor"]),
        st.sampled_from(["1.0", "1.0", "1.0", "0.9"]),
        observations,
    ),
    max_size=7,
)


def _write(folder: Path, history: Sequence[Any]) -> None:
    folder.mkdir()
    with mock.patch("os.fsync"):
        for number, (hours_ago, selector, end, stream, release, seen) in enumerate(history):
            started = NOW - timedelta(hours=hours_ago)
            run = Run(
                id=f"R{number}",
                environment="demo",
                release=release,
                selector=selector,
                planned=tuple(CELLS),
                started=started,
                stream=stream,
            )
            with JournalWriter.create(folder, run) as journal:
                for seq, one in enumerate(seen):
                    journal.append(_observation(run, seq, one))
                if end != "killed":
                    journal.close(started + timedelta(hours=1), interrupted=end == "interrupted")


def _observation(run: Run, seq: int, seen: Any) -> Observation:
    cell, outcome, minutes, attempt, inspected = seen
    began = run.started + timedelta(minutes=minutes)
    return Observation(
        run=run.id,
        seq=seq,
        cell=cell,
        outcome=Outcome(outcome),
        started=began,
        finished=began + timedelta(minutes=5),
        environment="demo",
        release=run.release,
        attempt=attempt,
        inspected=inspected,
        reason='"quoted"' if outcome == "fail" else "",
        fingerprint="f" * 64 if outcome in {"fail", "error"} else "",
        observed="관찰",
        code_sha256="e" * 64,
        target_sha256="d" * 64,
    )


def _earlier(seen: Sequence[Run]) -> Sequence[datetime]:
    instant = baseline_instant(Records(), POLICY, seen, NOW)
    return [] if instant is None else [instant]


def _world(journals: Journals) -> World:
    return World(
        checklist=CHECKLIST,
        planned=PLANNED,
        policy=POLICY,
        observations=journals.observations,
        runs=journals.runs,
        records=Records(),
        actions=(),
        checkpoints=journals.checkpoints,
    )


def _judge(journals: Journals) -> Any:
    return evaluate(
        CHECKLIST,
        PLANNED,
        POLICY,
        journals.observations,
        journals.runs,
        Records(),
        (),
        NOW,
        problems=journals.broken,
        checkpoints=journals.checkpoints,
    )


def _told(journals: Journals) -> Any:
    flaky = {item.id for item in ITEMS if item.flaky_allowed}
    return told(_judge(journals).runs, journals.observations, journals.left_out, flaky)


@pytest.mark.parametrize("again", [False, True], ids=["looked at", "remembered"])
@settings(max_examples=250, deadline=None)
@given(history=runs)
def test_the_decision_is_that_of_the_whole_history(history: Any, again: bool) -> None:
    with TemporaryDirectory() as scratch, mock.patch.object(remembered, "_WORTH_REMEMBERING", 0):
        folder, memory = Path(scratch) / "runs", Path(scratch) / "memory"
        _write(folder, history)
        whole, needed = read_journals(folder), read_needed(folder, NOW + CLOCK_TOLERANCE, Memory(memory).look, _earlier)
        if again:
            needed = read_needed(folder, NOW + CLOCK_TOLERANCE, Memory(memory).look, _earlier)
        assert len(needed.observations) <= len(whole.observations)
        assert (needed.runs, needed.checkpoints, needed.torn) == (whole.runs, whole.checkpoints, whole.torn)
        assert _judge(needed) == _judge(whole)
        assert baseline(_world(needed), NOW) == baseline(_world(whole), NOW)
        assert _told(needed) == _told(whole)


def _nightly(folder: Path, nights: int) -> None:
    seen = [(cell, "pass", 1, 1, 3) for cell in CELLS]
    _write(folder, [(24 * (night + 1), "", "ended", "recorded", "1.0", seen) for night in range(nights)])


def test_only_the_newest_night_of_many_is_read(tmp_path: Path) -> None:
    _nightly(tmp_path / "runs", 5)
    needed = read_needed(tmp_path / "runs", NOW, Memory(tmp_path / "memory").look, lambda _runs: ())
    assert {seen.run for seen in needed.observations} == {"R0"}
    assert len(needed.observations) == len(CELLS)
    assert len(needed.runs) == 5
    assert needed.left_out["R4"] == {item.id: 2 for item in ITEMS}
    assert needed.left_out["R0"] == {}


@pytest.mark.parametrize("remember", [0, 1 << 40], ids=["remembered", "looked at"])
def test_an_edited_idle_record_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remember: int
) -> None:
    monkeypatch.setattr(remembered, "_WORTH_REMEMBERING", remember)
    folder = tmp_path / "runs"
    _nightly(folder, 3)
    assert not read_needed(folder, NOW, Memory(tmp_path / "memory").look).broken
    oldest = folder / "R2.jsonl"
    oldest.write_bytes(oldest.read_bytes().replace(b'"outcome":"pass"', b'"outcome":"skip"', 1))
    (broken,) = read_needed(folder, NOW, Memory(tmp_path / "memory").look).broken
    assert "R2.jsonl:2" in broken
    assert "was edited" in broken


def test_a_journal_under_another_name_is_not_remembered_under_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_WORTH_REMEMBERING", 0)
    folder = tmp_path / "runs"
    _nightly(folder, 1)
    read_needed(folder, NOW, Memory(tmp_path / "memory").look)
    (folder / "R0.jsonl").rename(folder / "R9.jsonl")
    (broken,) = read_needed(folder, NOW, Memory(tmp_path / "memory").look).broken
    assert "R9.jsonl:1" in broken


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_torn_memory_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rubbish: bytes
) -> None:
    monkeypatch.setattr(remembered, "_WORTH_REMEMBERING", 0)
    _nightly(tmp_path / "runs", 2)
    first = read_needed(tmp_path / "runs", NOW, Memory(tmp_path / "memory").look)
    for note in (tmp_path / "memory").iterdir():
        note.write_bytes(rubbish)
    assert read_needed(tmp_path / "runs", NOW, Memory(tmp_path / "memory").look) == first


def test_many_large_journals_are_looked_at_in_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_WORTH_REMEMBERING", 0)
    monkeypatch.setattr(remembered, "_WORTH_A_PROCESS", 0)
    _nightly(tmp_path / "runs", 3)
    needed = read_needed(tmp_path / "runs", NOW, Memory(tmp_path / "memory").look)
    assert len(list((tmp_path / "memory").iterdir())) == 3
    assert len(needed.observations) == len(CELLS)


def test_a_memory_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_WORTH_REMEMBERING", 0)
    _nightly(tmp_path / "runs", 2)
    (tmp_path / "memory").write_text("a file where a folder should be")
    assert len(read_needed(tmp_path / "runs", NOW, Memory(tmp_path / "memory").look).observations) == len(CELLS)
