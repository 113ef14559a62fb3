"""What drill records say beyond their times, and whether a series of them is getting slower."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.importers.admissible import require_environment
from signoff.importers.drills.drill import Drill, read
from signoff.importers.drills.trend import Trend, read_folder, trend

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 20, 5, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "schema_version": 1,
    "kind": "rollback",
    "release": "1.0.0",
    "commit": "3f2a91c",
    "environment": "staging",
    "performed_at": START.isoformat(),
    "passed": True,
    "seconds": 40,
    "downtime_seconds": 0,
    "participants": ["Kim"],
    "steps": [{"name": "switch", "passed": True, "seconds": 1}],
}
SECONDS = st.floats(min_value=0, max_value=10_000, allow_nan=False)


def drill(seconds: float, *, day: int = 0, **changes: Any) -> Drill:
    performed_at = (START + timedelta(days=day)).isoformat()
    return read(json.dumps(RECORD | {"seconds": seconds, "performed_at": performed_at} | changes))


def test_a_record_may_say_what_was_found_and_who_noticed() -> None:
    closed = {"title": "telephone list", "closed": True, "closed_at": "2026-11-21T09:00:00+09:00"}
    found = {"findings": [closed, {"title": "key custody", "closed": False}], "scope": ["db1"], "lost_seconds": 2}
    record = read(json.dumps(RECORD | found | {"requests": 90, "failed_requests": 1}))

    assert record.open_findings == ("key custody",)
    assert (record.scope, record.lost_seconds, record.requests, record.failed_requests) == (("db1",), 2.0, 90, 1)
    bare = read(json.dumps(RECORD))
    assert (bare.findings, bare.lost_seconds, bare.requests, bare.scope) == (None, None, None, ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"findings": "none"}, r"\$\.findings: expected a list"),
        ({"findings": [{"title": "x"}]}, r"findings\[0\]\.closed: expected true or false"),
        ({"findings": [{"title": "x", "closed": True}]}, r"findings\[0\]\.closed_at"),
        (
            {"findings": [{"title": "x", "closed": True, "closed_at": "2026-11-19T00:00:00Z"}]},
            "closed before the drill took place",
        ),
        ({"requests": -1}, r"\$\.requests: expected a whole number"),
        ({"lost_seconds": "little"}, r"\$\.lost_seconds: expected a number of seconds"),
        ({"schema_version": 2}, r"\$\.schema_version: expected 1"),
    ],
)
def test_what_a_record_says_beyond_its_times_must_be_whole(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        read(json.dumps(RECORD | change))


def test_only_successful_rehearsals_of_the_same_kind_and_place_count_as_earlier() -> None:
    newest = drill(60, day=9)
    others = [
        drill(30, day=2),
        drill(10, day=1),
        drill(1, day=3, passed=False),
        drill(1, day=3, environment="laptop"),
        drill(1, day=3, kind="failover"),
        drill(1, day=10),
        newest,
    ]

    assert trend(newest, others) == Trend(earlier=(10.0, 30.0), newest=60.0)
    with pytest.raises(NotVerifiedError, match=r"no earlier successful rollback in staging.*rehearse it once more"):
        trend(newest, [newest])


@settings(max_examples=50)
@given(st.lists(SECONDS, min_size=1, max_size=9), SECONDS, SECONDS, st.floats(min_value=0, max_value=3))
def test_the_limit_never_punishes_what_was_usual(
    earlier: list[float], newest: float, noise: float, slower_by: float
) -> None:
    seen = Trend(earlier=tuple(earlier), newest=newest)

    assert min(earlier) <= seen.usual <= max(earlier)
    assert seen.limit(slower_by, noise) >= seen.usual + noise
    assert seen.limit(slower_by, noise) <= seen.limit(slower_by + 1, noise + 1)


def test_a_history_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.json").write_text(json.dumps(RECORD | {"seconds": number}))
    assert [one.seconds for one in read_folder(tmp_path)] == [1.0, 2.0]

    (tmp_path / "3.json").write_text('{"kind": "rollback"')
    with pytest.raises(NotVerifiedError, match=r"3\.json: drill record: not a JSON document"):
        read_folder(tmp_path)
    with pytest.raises(NotVerifiedError, match="no such folder; keep the records"):
        read_folder(tmp_path / "nowhere")


def test_evidence_counts_where_it_was_made_only() -> None:
    require_environment("drill", "staging", ("staging", "production"))
    with pytest.raises(NotVerifiedError, match="comes from laptop, not from staging; repeat it there"):
        require_environment("drill", "laptop", ("staging",))
