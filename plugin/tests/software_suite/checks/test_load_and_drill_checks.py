"""PERF-LOAD-1, -2 and -4, PERF-STAB-1, -2 and -4 on files: each kept, each broken, and each that proves nothing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.software_suite.checks.conftest import Environment, Expected, Results

COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"
TARGET = "https://staging.example.test"
CLUSTER = "0d8f3c1e-5a4b-4c3d-9e2f-112233445566"
NOW = datetime.now(UTC).replace(microsecond=0)
LABELS = {"app": "shop"}

Levels = tuple[tuple[int, int, float, float], ...]
"""Users, seconds, error ratio, response time."""


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def write(folder: Path, name: str, content: object) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return str(folder / name)


def locust(folder: Path, levels: Levels, *, every: int = 10, timed_out: int = 0) -> dict[str, Any]:
    """Write the files of a run of these levels, and return its entry."""
    rows, total, failed, spent = [], 0, 0, 0.0
    start = at = int(NOW.timestamp()) - sum(level[1] for level in levels) - 3_600
    for users, seconds, errors, took in levels:
        for _ in range(0, seconds, every):
            at += every
            rows.append((at, users, took, total, failed, spent / total if total else 0))
            total, failed, spent = total + 1_000, failed + round(1_000 * errors), spent + 1e6 * took
    rows.append((at + every, levels[-1][0], levels[-1][3], total, failed, spent / total))
    head = "Timestamp,User Count,Type,Name,95%,Total Request Count,Total Failure Count,Total Average Response Time"
    lines = [f"{at},{users},,Aggregated,{took * 1000},{n},{bad},{mean}" for at, users, took, n, bad, mean in rows]
    times = {"100": total - total // 50, "400": total // 50}
    entry = {
        "start_time": start + every,
        "last_request_timestamp": at + every,
        "num_requests": total,
        "num_failures": failed,
    }
    why = f"GET,/,429 Too Many Requests,{failed - timed_out}\nGET,/,ReadTimeout,{timed_out}\n"
    note = {"schema_version": 1, "target": TARGET, "commit": COMMIT, "generator": {"cpu_peak_ratio": 0.4}}
    return {
        "stats": write(folder, "stats.json", [entry | {"response_times": times}]),
        "history": write(folder, "history.csv", "\n".join([head, *lines])),
        "failures": write(folder, "failures.csv", f"Method,Name,Error,Occurrences\n{why}"),
        "context": write(folder, "note.json", note),
        "target": TARGET,
    }


RISE = ((100, 120, 0.0, 0.1), (150, 120, 0.0, 0.2), (200, 120, 0.0, 0.5))
BEYOND = ((300, 120, 0.4, 2.0),)
DOWN = ((100, 120, 0.0, 0.1),)


def stress_tests(environment: Environment, folder: Path) -> dict[str, Expected]:
    stories: dict[str, tuple[Any, int]] = {
        "stress-good": ((*RISE, *BEYOND, *DOWN), 0),
        "stress-weak": ((RISE[0], (120, 120, 0.0, 0.2), (150, 120, 0.5, 0.2), *DOWN), 0),
        "stress-hangs": ((*RISE, *BEYOND, *DOWN), 2_000),
        "stress-stays-ill": ((*RISE, *BEYOND, (100, 120, 0.5, 0.1)), 0),
        "stress-flat": (((100, 600, 0.0, 0.1),), 0),
        "stress-never-overloaded": ((*RISE, *DOWN), 0),
    }
    for name, (levels, timed_out) in stories.items():
        files = locust(folder / name, levels, timed_out=timed_out)
        environment.services[name] = {"kind": "stress_report", "users": 100, **files}
    everywhere = dict.fromkeys(stories, "PASS") | {"stress-flat": "NOT_VERIFIED: raise the load step by step"}
    return {
        "more_than_the_planned_peak_is_borne": everywhere
        | {"stress-weak": "FAIL: 120 users are borne, 150 are needed"},
        "too_much_load_is_refused_in_time": everywhere
        | {
            "stress-hangs": "FAIL: 58% of the failures were refused in time",
            "stress-never-overloaded": "NOT_VERIFIED: nobody saw how it fails",
        },
        "it_is_well_again_after_the_overload": everywhere | {"stress-stays-ill": "FAIL: was not well again"},
    }


def soak_tests(environment: Environment, folder: Path) -> dict[str, Expected]:
    long = 49 * 3600
    parts = 7 * 3600
    stories: dict[str, Any] = {
        "soak-good": ((50, long, 0.0, 0.2),),
        "soak-short": ((50, 47 * 3600, 0.0, 0.2),),
        "soak-slower": tuple((50, parts, 0.0, 0.1 + 0.02 * number) for number in range(7)),
        "soak-burst": ((50, long - 7_200, 0.0, 0.2), (50, 600, 0.5, 0.2), (50, 6_600, 0.0, 0.2)),
    }
    for name, levels in stories.items():
        files = locust(folder / name, levels, every=300)
        environment.services[name] = {"kind": "soak_report", **files}
    expected = {
        "soak-good": "PASS",
        "soak-short": "NOT_VERIFIED: lasted 1 day, 23:",
        "soak-slower": "FAIL: response times grew",
        "soak-burst": "FAIL: 50.00% errors in five minutes",
    }
    return {"load_of_days_was_borne": expected}


def profiles(environment: Environment, folder: Path) -> dict[str, Expected]:
    files = locust(folder / "profiled", ((100, 1_800, 0.0, 0.1),))
    environment.services["profiled"] = {"kind": "load_report", "users": 100, "duration": "29m", **files}
    start = NOW - timedelta(seconds=5_400)

    def snapshot(at: datetime, calls: int, mean: float, reset: timedelta) -> dict[str, Any]:
        rows = [("1", "SELECT a", calls, calls * 5.0), ("2", "SELECT b", calls, calls * mean)]
        keys = ("id", "text", "calls", "total_ms")
        statements = [dict(zip(keys, row, strict=True)) for row in rows]
        facts = {"taken": text(at), "reset": text(start - reset), "statements": statements}
        return {"schema_version": 1, "database": "db1:5432/shop", "evictions": 0, **facts}

    day, stories = timedelta(days=1), {"profile-good": 4.0, "profile-heavy": 50.0, "profile-reset": 4.0}
    for name, mean in {**stories, "profile-late": 4.0}.items():
        reset = -timedelta(minutes=3) if name == "profile-reset" else day
        late = timedelta(minutes=15) if name == "profile-late" else timedelta(seconds=-20)
        environment.services[name] = {
            "kind": "database_profile",
            "load": "profiled",
            "before": write(folder / name, "before.json", snapshot(start + late, 10, mean, day)),
            "after": write(folder / name, "after.json", snapshot(NOW - timedelta(seconds=3_570), 500, mean, reset)),
        }
    expected = {
        "profile-good": "PASS",
        "profile-heavy": "FAIL: 91% SELECT b",
        "profile-reset": "NOT_VERIFIED: was reset in between",
        "profile-late": "NOT_VERIFIED: take them right before and after it",
    }
    return {"no_statement_dominates_under_load": expected, "load_test_kept_its_limits": {"profiled": "PASS"}}


def drills(environment: Environment, folder: Path) -> dict[str, Expected]:
    def record(file: str, /, days: int = 3, seconds: int = 40, **facts: Any) -> str:
        at = NOW - timedelta(days=days)
        fault = {"name": "shop killed", "injected_at": text(at), "recovered_at": text(at + timedelta(seconds=seconds))}
        day = {"schema_version": 1, "kind": "game-day", "environment": "staging", "participants": ["Kim"]}
        return write(folder, f"{file}.json", {**day, "faults": [fault | {"passed": True, "observed": ""} | facts]})

    stories = {
        "drill-good": record("good"),
        "drill-slow": record("slow", seconds=90),
        "drill-ill": record("ill", passed=False),
        "drill-old": record("old", days=182),
        "drill-other": record("other", name="cache killed"),
        "drill-gone": str(folder / "gone.json"),
    }
    for name, path in stories.items():
        fault = {"name": "shop killed" if name == "drill-good" else name, "report": path, "form": "game_day"}
        fault |= {"experiment": "shop killed", "within": "60s"}
        environment.services[name] = {"kind": "fault_drills", "faults": [fault]}
    expected = {
        "drill-good": "PASS",
        "drill-slow": "FAIL: recovered after 90 s, limit is 60 s",
        "drill-ill": "FAIL: did not recover",
        "drill-old": "NOT_VERIFIED: drill-old is 18[12] days old, limit is 180",
        "drill-other": "NOT_VERIFIED: no experiment 'shop killed'",
        "drill-gone": "NOT_VERIFIED: No such file",
    }
    program = folder / "shop.conf"
    program.write_text("[program:shop]\ncommand = /bin/true\nautorestart = true\n")
    process = {"name": "shop", "manager": "supervisor", "config": str(program)}
    proofs = {"app-shown": "shop killed", "app-unshown": "", "app-ill": "drill-ill", "app-wrong": "never heard of"}
    for host, proof in proofs.items():
        environment.host(host, processes=[{**process, "proof": proof}])
    nobody = dict.fromkeys(proofs, "NOT_VERIFIED: nobody saw shop come back")
    return {
        "faults_were_simulated_and_recovered": expected,
        "restarts_were_seen_to_work": nobody | {"app-shown": "PASS"},
        "processes_restart_after_a_crash": dict.fromkeys(proofs, "PASS"),
    }


def clusters(environment: Environment, folder: Path) -> dict[str, Expected]:
    def named(name: str, space: str = "shop", **more: Any) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": space, "labels": LABELS}, **more}

    probes: dict[str, Any] = {"livenessProbe": {}, "readinessProbe": {}}
    running = {"ready": True, "state": {"running": {"startedAt": text(NOW - timedelta(days=1))}}}
    faults: dict[str, dict[str, Any]] = {
        "cluster-good": {},
        "cluster-without-probe": {"container": {"readinessProbe": {}}},
        "cluster-alone": {"replicas": 1},
        "cluster-not-ready": {"ready": 1},
        "cluster-without-budget": {"budget": {"minAvailable": 0}},
        "cluster-never-restarted": {"restarts": 0},
        "cluster-empty": {"name": "another"},
    }
    for name, fault in faults.items():
        template = {
            "metadata": {"labels": LABELS},
            "spec": {"containers": [{"name": "web", **fault.get("container", probes)}]},
        }
        spec = {"replicas": fault.get("replicas", 2), "selector": {"matchLabels": LABELS}, "template": template}
        workload = named(fault.get("name", "web"), spec=spec, status={"readyReplicas": fault.get("ready", 2)})
        budget = {"selector": {"matchLabels": LABELS}, **fault.get("budget", {"minAvailable": 1})}
        pod = named("web-1", status={"containerStatuses": [{**running, "restartCount": fault.get("restarts", 2)}]})
        lists: dict[str, list[Any]] = {
            "namespaces.json": [{"metadata": {"name": "kube-system", "uid": CLUSTER}}],
            "deployments.json": [workload],
            "pods.json": [pod],
            "poddisruptionbudgets.json": [named("web", spec=budget)],
        }
        digests = {}
        for file, items in lists.items():
            path = write(folder / name, file, {"kind": "List", "metadata": {}, "items": items})
            digests[file] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        manifest = {"schema_version": 1, "provider": "kubernetes", "account": CLUSTER, "created": text(NOW)}
        write(folder / name, "manifest.json", {**manifest, "tool": "kubectl", "files": digests})
        cloud = {"kind": "cloud", "provider": "kubernetes", "account": CLUSTER, "regions": ["r"]}
        environment.services[f"{name}-cloud"] = {**cloud, "exports": {"folder": str(folder / name)}}
        workloads = [{"name": "shop/web"}]
        environment.services[name] = {"kind": "kubernetes_workloads", "cloud": f"{name}-cloud", "workloads": workloads}
    expected = {
        "cluster-good": "PASS",
        "cluster-without-probe": "FAIL: no liveness probe on web",
        "cluster-alone": "FAIL: 1 replicas, at least 2 needed",
        "cluster-not-ready": "FAIL: 1 pods ready",
        "cluster-without-budget": "FAIL: no disruption budget",
        "cluster-never-restarted": "NOT_VERIFIED: nobody saw shop/web come back",
        "cluster-empty": "FAIL: is not in the cluster",
    }
    return {"workloads_come_back_by_themselves": expected}


@pytest.fixture
def seen(environment: Environment, tmp_path: Path) -> tuple[Results, dict[str, Expected]]:
    """Run all of it at once: each pytest of its own costs a second."""
    environment.commit = COMMIT
    expected: dict[str, Expected] = {}
    for make in (stress_tests, soak_tests, profiles, drills, clusters):
        expected |= make(environment, tmp_path / make.__name__)
    return environment.run("tests/performance"), expected


def test_each_file_is_judged_by_its_own_check(seen: tuple[Results, dict[str, Expected]]) -> None:
    results, expected = seen

    wrong = {check: results.differences(check, named) for check, named in expected.items()}

    assert {check: differences for check, differences in wrong.items() if differences} == {}
