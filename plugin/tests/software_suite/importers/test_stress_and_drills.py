"""What a stress test shows, what happened between two snapshots, and what records of broken components say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.importers.drills import chaos
from signoff.importers.runs import statements, stress
from signoff.importers.runs.load_test import LoadTest, Window
from signoff.importers.runs.soak import five_minutes, hourly_means

if TYPE_CHECKING:
    from signoff.importers.runs.stress import Stress

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
SECONDS = 10


def load(*levels: tuple[int, int, float, float]) -> LoadTest:
    """Return a test of levels: users, minutes, error ratio, p95."""
    windows: list[Window] = []
    for users, minutes, errors, p95 in levels:
        for _ in range(minutes * 6):
            at = NOW + timedelta(seconds=SECONDS * len(windows))
            spent = 100 * p95 / 2
            window = Window(
                at=at, users=users, requests=100, failures=int(100 * errors), p95_seconds=p95, spent_seconds=spent
            )
            windows.append(window)
    return LoadTest(
        started=NOW,
        finished=windows[-1].at if windows else NOW,
        users=(),
        requests=100 * len(windows),
        failures=0,
        windows=tuple(windows),
        target="t",
        commit="c",
        generator_cpu_ratio=0.1,
    )


def shown(*levels: tuple[int, int, float, float]) -> Stress:
    step = timedelta(minutes=1)
    return stress.read(load(*levels), error_ratio=0.01, p95_seconds=1.0, step=step, usual=100)


RISE = ((100, 2, 0.0, 0.1), (150, 2, 0.0, 0.2), (200, 2, 0.0, 0.5))


def test_the_knee_is_the_last_step_before_the_first_that_is_not_borne() -> None:
    overloaded = shown(*RISE, (300, 2, 0.4, 2.0), (400, 2, 0.0, 0.1), (100, 3, 0.0, 0.1))

    assert (overloaded.knee, overloaded.is_overloaded, overloaded.recovery) == (200, True, timedelta())
    assert [step.users for step in overloaded.steps] == [100, 150, 200, 300, 400]
    borne = shown(*RISE)
    assert (borne.knee, borne.is_overloaded, borne.is_measured_after) == (200, False, False)


def test_recovery_counts_from_the_fall_of_the_load_until_all_is_well_for_good() -> None:
    after = ((100, 1, 0.3, 3.0), (100, 1, 0.0, 0.1), (100, 1, 0.3, 0.1))
    slow = shown(*RISE, (400, 2, 0.4, 2.0), *after, (100, 1, 0.0, 0.1))
    never = shown(*RISE, (400, 2, 0.4, 2.0), *after)

    assert slow.recovery == timedelta(minutes=3)
    assert (never.recovery, never.is_measured_after) == (None, True)


@pytest.mark.parametrize("levels", [(), RISE[:2], ((100, 30, 0.0, 0.1),), tuple((u, 0, 0.0, 0.1) for u in (1, 50, 99))])
def test_without_rising_steps_nothing_is_concluded(levels: tuple[tuple[int, int, float, float], ...]) -> None:
    with pytest.raises(NotVerifiedError, match="raise the load step by step"):
        shown(*levels)


def test_days_are_judged_in_parts() -> None:
    days = load((50, 180, 0.0, 0.2))

    assert {one.requests for one in five_minutes(days)} == {3_000}
    assert [round(mean, 6) for _, mean in hourly_means(days)] == [0.1, 0.1]
    with pytest.raises(NotVerifiedError, match="import the history"):
        five_minutes(load())


def snapshot(minute: int, calls: int = 100, **changes: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "database": "db1:5432/shop",
        "taken": (NOW + timedelta(minutes=minute)).isoformat(),
        "reset": (NOW - timedelta(days=3)).isoformat(),
        "evictions": 0,
        "statements": [
            {"id": "1", "text": "SELECT 1", "calls": calls, "total_ms": calls * 2.0},
            {"id": "2", "text": "SELECT 2", "calls": 7, "total_ms": 7_000.0},
        ],
        **changes,
    }


def profile(before: dict[str, Any], after: dict[str, Any]) -> statements.Profile:
    return statements.between(statements.read(json.dumps(before)), statements.read(json.dumps(after)))


def test_only_what_ran_in_between_counts() -> None:
    seen = profile(snapshot(0), snapshot(30, calls=600))

    assert [(one.text, one.calls, one.mean_ms) for one in seen.statements] == [("SELECT 1", 500, 2.0)]
    assert seen.share(seen.statements[0]) == 1.0


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (snapshot(0), snapshot(30, reset=(NOW + timedelta(minutes=9)).isoformat()), "was reset in between"),
        (snapshot(0), snapshot(30, calls=90), "counters fell"),
        (snapshot(0), snapshot(30, evictions=1), "dropped in between"),
        (snapshot(0), snapshot(30, statements=[]), "2 statements are gone"),
        (snapshot(30), snapshot(0, calls=600), "taken after the second"),
        (snapshot(0), snapshot(30, calls=600, database="db2:5432/shop"), "take both of one database"),
        (snapshot(0), snapshot(30), "no statement was executed"),
        (snapshot(0), snapshot(30, statements=[{"id": "1"}]), "expected a text"),
    ],
)
def test_snapshots_that_prove_nothing(before: dict[str, Any], after: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint):
        profile(before, after)


ACTION = {"activity": {"type": "action", "name": "kill"}, "status": "succeeded", "start": "2026-11-20T05:00:00.5"}
JOURNAL: dict[str, Any] = {
    "chaoslib-version": "1.44.0",
    "experiment": {"title": "primary killed"},
    "status": "completed",
    "deviated": False,
    "start": "2026-11-20T04:59:00",
    "end": "2026-11-20T05:00:40.5",
    "steady_states": {"before": {"steady_state_met": True}, "after": {"steady_state_met": True}},
    "run": [ACTION],
}
FIS: dict[str, Any] = {
    "experiment": {
        "experimentTemplateId": "EXT1",
        "tags": {"Name": "primary killed"},
        "state": {"status": "completed", "reason": "Experiment completed."},
        "startTime": 1_795_150_800.0,
        "endTime": 1_795_150_840.0,
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "arn"}],
        "actions": {"reboot": {"actionId": "aws:rds:failover-db-cluster", "state": {"status": "completed"}}},
    }
}
LITMUS: dict[str, Any] = {
    "kind": "ChaosResult",
    "metadata": {"name": "engine-pod-delete", "creationTimestamp": "2026-11-20T05:00:00Z"},
    "spec": {"experiment": "primary killed"},
    "status": {
        "experimentStatus": {"phase": "Completed", "verdict": "Pass", "probeSuccessPercentage": "100"},
        "probeStatuses": [{"name": "front", "status": {"verdict": "Passed"}}],
    },
}
GAME_DAY: dict[str, Any] = {
    "schema_version": 1,
    "kind": "game-day",
    "environment": "staging",
    "participants": ["Kim"],
    "faults": [
        {
            "name": "primary killed",
            "injected_at": "2026-11-20T05:00:00Z",
            "recovered_at": "2026-11-20T05:00:40Z",
            "passed": True,
            "observed": "slower for a while",
        }
    ],
}
RECORDS: dict[chaos.Form, dict[str, Any]] = {
    "chaostoolkit": JOURNAL,
    "fis": FIS,
    "litmus": LITMUS,
    "game_day": GAME_DAY,
}


def changed(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(record))
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = copy
    for step in way:
        place = place[step]
    place[last] = value
    return copy  # type: ignore[no-any-return]


@pytest.mark.parametrize("form", RECORDS)
def test_every_tool_tells_what_broke_and_that_it_recovered(form: chaos.Form) -> None:
    (seen,) = chaos.read(json.dumps(RECORDS[form]), form)

    assert (seen.name, seen.completed, seen.recovered) == ("primary killed", True, True)
    assert seen.seconds == (None if form == "litmus" else 40.0)


@pytest.mark.parametrize(
    ("form", "path", "value", "outcome"),
    [
        ("chaostoolkit", "deviated", True, (True, False)),
        ("chaostoolkit", "status", "aborted", (False, True)),
        ("chaostoolkit", "steady_states.after", None, (True, False)),
        ("chaostoolkit", "run.0.status", "failed", (False, True)),
        ("fis", "experiment.state.status", "stopped", (False, False)),
        ("fis", "experiment.actions.reboot.state.status", "failed", (False, True)),
        ("litmus", "status.experimentStatus.verdict", "Fail", (True, False)),
        ("litmus", "status.experimentStatus.probeSuccessPercentage", "50", (True, False)),
        ("litmus", "status.experimentStatus.phase", "Running", (False, True)),
        ("game_day", "faults.0.passed", False, (True, False)),
        ("game_day", "faults.0.recovered_at", None, (True, False)),
    ],
)
def test_what_did_not_recover_or_was_not_carried_out(
    form: chaos.Form, path: str, value: object, outcome: tuple[bool, bool]
) -> None:
    (seen,) = chaos.read(json.dumps(changed(RECORDS[form], path, value)), form)

    assert (seen.completed, seen.recovered) == outcome


@pytest.mark.parametrize(
    ("form", "path", "value", "complaint"),
    [
        ("chaostoolkit", "run", [], "nothing was broken"),
        ("chaostoolkit", "deviated", "false", "expected true or false"),
        ("chaostoolkit", "end", "2026-11-20T04:00:00", "ended before it began"),
        ("fis", "experiment.stopConditions", [{"source": "none"}], "nobody knows whether it recovered"),
        ("fis", "experiment.endTime", None, "expected a number"),
        ("litmus", "status.probeStatuses", [], "no probe watched it"),
        ("litmus", "kind", "ChaosEngine", "expected ChaosResult"),
        ("game_day", "participants", [], "nobody took part"),
        ("game_day", "faults", [], "no fault in it"),
    ],
)
def test_records_that_prove_nothing(form: chaos.Form, path: str, value: object, complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint):
        chaos.read(json.dumps(changed(RECORDS[form], path, value)), form)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_record_breaks_its_importer(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(RECORDS)))
    text = json.dumps(RECORDS[form])
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.one_of(st.text(max_size=5), st.sampled_from(["null", "1e999", "[]", "{}", '"x"', "-1"])))
    try:
        found = chaos.read(text[:at] + junk + text[at + data.draw(st.integers(0, 12)) :], form)
        assert all(one.seconds is None or one.seconds >= 0 for one in found)
    except NotVerifiedError:
        pass
