"""RBK-*: criteria, colours, ways back and rehearsals, as they should be and as they should not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.drill_report import DrillReportService
from signoff.config.rollback import RollbackFile, rollback_rule
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.suite_checks import Conclusion

NOW = datetime.now(UTC)
COLUMNS = "# pxname,svname,status,type,weight,check_status,lastchg\n"
DRILL: dict[str, Any] = {
    "kind": "rollback",
    "release": "1.0.0",
    "environment": "staging",
    "performed_at": NOW.isoformat(),
    "passed": True,
    "seconds": 41,
    "downtime_seconds": 0,
    "participants": ["Kim"],
    "steps": [{"name": "switch", "passed": True, "seconds": 1}],
}
TESTED, QUICK = "rollback_was_rehearsed_with_this_release", "rollback_is_quick_enough"
STRICT, TREND = "automatic_rollback_criteria_are_strict_enough", "rollback_does_not_get_slower"
COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"


class Desk:
    """Checks of the release's rollback, with a policy and records in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def conclude(self, check: str, rule: RollbackFile | None = None, drill: dict[str, Any] | None = None) -> Conclusion:
        """Run one check; `drill` are the keys of a drill_report."""
        report = {"path": "drill.json", "purpose": "rollback", "within": "5m", "downtime": "0s"}
        drills = {} if drill is None else {"drill": DrillReportService.model_validate(report | drill)}
        inventory = SimpleNamespace(
            policy=SimpleNamespace(rollback=rollback_rule(rule), commit=COMMIT),
            services={name: SimpleNamespace(settings=one) for name, one in drills.items()},
            services_of=lambda kind: drills if kind == "drill_report" else {},
        )
        given = {"inventory": inventory, "evaluated_at": NOW, "workspace_path": lambda name: self.folder / name}
        return SuiteChecks().one(check, None, kind="-", name="-", **given)

    def record(self, name: str = "drill.json", **changes: Any) -> None:
        """Write the record of a rehearsal."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(DRILL | {"commit": COMMIT} | changes))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return checks without any record."""
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("rollback", "state"),
    [
        ({}, "PASS"),
        ({"error_ratio": 0.02, "response_seconds": 0.5}, "PASS"),
        ({"error_ratio": 0.051}, "FAIL"),
        ({"response_seconds": 1.1}, "FAIL"),
        ({"mean_seconds": 1.1}, "FAIL"),
        ({"percentile": 0.9}, "FAIL"),
        (None, "FAIL"),
    ],
    ids=["the plan's", "stricter", "more errors", "slower", "slower on average", "lower percentile", "none"],
)
def test_criteria(desk: Desk, rollback: dict[str, Any] | None, state: str) -> None:
    rule = None if rollback is None else RollbackFile.model_validate(rollback)

    assert desk.conclude(STRICT, rule).state == state


@pytest.mark.parametrize(
    ("change", "tested", "quick"),
    [
        ({}, "PASS", "PASS"),
        ({"passed": False}, "FAIL", "NOT_VERIFIED"),
        ({"steps": [{"name": "switch", "passed": False, "seconds": 1}]}, "FAIL", "NOT_VERIFIED"),
        ({"kind": "failover"}, "FAIL", "PASS"),
        ({"seconds": 301}, "PASS", "FAIL"),
        ({"downtime_seconds": 1}, "PASS", "FAIL"),
        ({"commit": "0" * 40}, "NOT_VERIFIED", "NOT_VERIFIED"),
        ({"environment": "laptop"}, "NOT_VERIFIED", "NOT_VERIFIED"),
        ({"performed_at": (NOW - timedelta(days=91)).isoformat()}, "NOT_VERIFIED", "NOT_VERIFIED"),
        ({"steps": []}, "NOT_VERIFIED", "NOT_VERIFIED"),
        (None, "NOT_VERIFIED", "NOT_VERIFIED"),
    ],
    ids=["held", "failed", "step", "other", "slow", "down", "other commit", "laptop", "long ago", "no step", "none"],
)
def test_rehearsals(desk: Desk, change: dict[str, Any] | None, tested: str, quick: str) -> None:
    if change is not None:
        desk.record(**change)
    drill = None if change is None else dict[str, Any]()

    assert [desk.conclude(check, drill=drill).state for check in (TESTED, QUICK)] == [tested, quick]
    # Nobody kept earlier records.
    assert desk.conclude(TREND, drill=drill).state == "NOT_VERIFIED"


@pytest.mark.parametrize(
    ("earlier", "newest", "keys", "wanted"),
    [
        ((40, 42, 44), {"seconds": 60}, {}, "PASS: "),
        ((40, 42, 44), {"seconds": 64}, {}, "FAIL: drill: took 64 s, the earlier ones 42 s"),
        ((40, 42, 44), {"seconds": 64}, {"slower_by": 1.0}, "PASS: "),
        ((0.1, 0.1, 0.1), {"seconds": 1.0}, {}, "PASS: "),
        ((0.1, 0.1, 0.1), {"seconds": 1.0}, {"noise": "0s"}, "FAIL: drill: took 1 s, the earlier ones 0.1 s"),
        ((40, 42, 44), {"passed": False}, {}, "NOT_VERIFIED: drill: the rehearsal failed"),
        ((), {}, {}, "NOT_VERIFIED: "),
    ],
    ids=["usual", "slower", "allowed", "noise", "no noise", "failed", "no earlier one"],
)
def test_trends(
    desk: Desk, earlier: tuple[float, ...], newest: dict[str, Any], keys: dict[str, Any], wanted: str
) -> None:
    (desk.folder / "kept").mkdir()
    for number, seconds in enumerate(earlier):
        at = (NOW - timedelta(days=30 - number)).isoformat()
        desk.record(f"kept/{number}.json", seconds=seconds, performed_at=at)
    desk.record(**newest)

    found = desk.conclude(TREND, drill={"history": "kept"} | keys)

    assert f"{found.state}: {found.reason}".startswith(wanted)


def test_colours(environment: Any, states_of: Any, serve: Callable[..., Any]) -> None:
    def pool(name: str, *states: str) -> str:
        servers = "".join(f"{name},app{n},{state},2,1,L7OK,60\n" for n, state in enumerate(states))
        return f"{servers}{name},BACKEND,UP,1,1,,60\n"

    page = COLUMNS + pool("blue", "UP", "UP") + pool("green", "UP", "UP") + pool("weak", "UP", "DOWN")
    with serve(lambda _: (200, {}, page)) as url, serve(lambda _: (404, {}, "")) as other:
        for name, address in (("lb", url), ("no-page", other), ("gone", "http://127.0.0.1:1")):
            environment.services[name] = {
                "kind": "load_balancer",
                "stats_url": f"{address}/stats",
                "pools": [{"name": "blue"}],
                "http_url": address,
                "spread": {"url": address, "header": "X-Server", "pool": "blue"},
            }
        for name, balancer, green in (
            ("both", "lb", "green"),
            ("one-weak", "lb", "weak"),
            ("one-unknown", "lb", "violet"),
            ("unreadable", "no-page", "green"),
            ("unreachable", "gone", "green"),
        ):
            pair = {"load_balancer": balancer, "blue": "blue", "green": green}
            environment.services[name] = {"kind": "blue_green"} | pair

        states = environment.run("rollback")

    assert states_of(states, "both_colours_can_take_the_traffic") == {
        "both": "PASS",
        "one-weak": "FAIL",
        "one-unknown": "FAIL",
        "unreadable": "NOT_VERIFIED",
        "unreachable": "ERROR",
    }


def test_ways_back(environment: Any, states_of: Any, clone: Any, tmp_path: Path) -> None:
    environment.commit = clone.commit(
        good__0001_a_dot_up_dot_sql="CREATE TABLE a ();",
        good__0001_a_dot_down_dot_sql="DROP TABLE a;",
        missing__0001_a_dot_up_dot_sql="CREATE TABLE a ();",
        idle__0001_a_dot_up_dot_sql="CREATE TABLE a ();",
        idle__0001_a_dot_down_dot_sql="-- nothing to do\nSELECT 1;",
        readme="none here",
    )
    environment.services["source"] = {"kind": "repository", "path": str(clone.path)}
    environment.services["lost"] = {"kind": "repository", "path": str(tmp_path / "lost")}
    database = {"kind": "postgresql", "host": "127.0.0.1", "port": 1, "database": "shop", "user": "reader"}
    for name in ("good", "missing", "idle", "none"):
        environment.services[name] = database | {"migrations": {"repository": "source", "path": name}}
    steps = [{"action": action, "version": "1", "seconds": 0.1, "ok": True} for action in ("up", "down", "up")]
    proofs: dict[str, dict[str, Any]] = {
        "good": {},
        "missing": {"steps": steps[:1]},
        "idle": {"steps": [steps[0], steps[1] | {"ok": False}, steps[2]]},
        "other-release": {"commit": "0" * 40},
        "slow": {"steps": [step | {"seconds": 4_000} for step in steps]},
    }
    for name, change in proofs.items():
        proof = {"schema_version": 1, "commit": environment.commit, "finished": NOW.isoformat(), "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(proof | change))
    environment.services["no-clone"] = database | {"migrations": {"repository": "lost", "path": "good"}}
    environment.services["unnamed"] = database
    for name in ("other-release", "slow"):
        environment.services[name] = database | {"migrations": {"repository": "source", "path": "good"}}
    for name in proofs:
        environment.services[name]["migrations"]["proof"] = str(tmp_path / f"{name}.json")

    states = environment.run("rollback")

    assert states_of(states, "every_migration_has_a_way_back") == {
        "good": "PASS",
        "missing": "FAIL",
        "idle": "FAIL",
        "none": "NOT_VERIFIED",
        "no-clone": "NOT_VERIFIED",
        "unnamed": "NOT_VERIFIED",
        "other-release": "PASS",
        "slow": "PASS",
    }
    assert states_of(states, "every_way_back_was_tried") == {
        "good": "PASS",
        "missing": "FAIL",
        "idle": "FAIL",
        "none": "NOT_VERIFIED",
        "no-clone": "NOT_VERIFIED",
        "unnamed": "NOT_VERIFIED",
        "other-release": "NOT_VERIFIED",
        "slow": "PASS",
    }
    quick = states_of(states, "ways_back_are_quick_enough")
    assert quick.pop("slow") == "FAIL"
    # What failed, or was not tried at all, was no quick way back.
    assert {name for name, state in quick.items() if state != "NOT_VERIFIED"} == {"good"}


def test_metrics_of_the_criteria(environment: Any, states_of: Any, serve: Callable[..., Any]) -> None:
    def answer(request: Any, *, series: int) -> tuple[int, dict[str, str], str]:
        requests_only = series == 1 and "bucket" in request.path
        result = [] if requests_only or not series else [{"metric": {}, "value": [NOW.timestamp(), str(series)]}]
        data = {"resultType": "vector", "result": result}
        return 200, {"Content-Type": "application/json"}, json.dumps({"status": "success", "data": data})

    with (
        serve(lambda request: answer(request, series=9)) as full,
        serve(lambda request: answer(request, series=1)) as half,
        serve(lambda _: (502, {}, "bad gateway")) as broken,
    ):
        for name, url in (("full", full), ("half", half), ("broken", broken), ("gone", "http://127.0.0.1:1")):
            environment.services[f"{name}-prometheus"] = {"kind": "prometheus", "url": url, "jobs": ["shop"]}
            metrics = {"prometheus": f"{name}-prometheus", "selector": 'job="shop"'}
            environment.services[name] = {"kind": "web", "url": "http://x", "metrics": metrics}
        environment.services["unnamed"] = {"kind": "web", "url": "http://x"}

        states = environment.run("rollback")

    assert states_of(states, "metrics_of_the_criteria_are_collected") == {
        "full": "PASS",
        "half": "FAIL",
        "broken": "ERROR",
        "gone": "ERROR",
        "unnamed": "NOT_VERIFIED",
    }
