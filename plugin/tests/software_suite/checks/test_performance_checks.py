from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import PlainAnswer, Site

COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"
TARGET = "https://staging.example.test"
DAY = 86_400


def test_load_tests(environment: Environment, tmp_path: Path) -> None:
    environment.commit = COMMIT

    def report(name: str, *, times: dict[str, int], minutes: int = 40, days: int = 1, **facts: Any) -> None:
        folder = tmp_path / name
        folder.mkdir()
        end = time.time() - days * DAY
        start = end - minutes * 60
        entry = {
            "start_time": start,
            "last_request_timestamp": end,
            "num_requests": sum(times.values()),
            "num_failures": facts.get("failures", 0),
            "response_times": times,
        }
        users = facts.get("users", 50)
        rows = [f"{moment},{users},,Aggregated" for moment in (start, (start + end) / 2, end)]
        context = {
            "schema_version": 1,
            "target": facts.get("target", TARGET),
            "commit": facts.get("commit", COMMIT),
            "generator": {"cpu_peak_ratio": facts.get("cpu", 0.4)},
        }
        (folder / "stats.json").write_text(json.dumps([entry]))
        (folder / "history.csv").write_text("\n".join(["Timestamp,User Count,Type,Name", *rows]))
        (folder / "context.json").write_text(json.dumps(context))
        files = {"stats": "stats.json", "history": "history.csv", "context": "context.json"}
        environment.services[name] = {
            "kind": "load_report",
            "target": f"{TARGET}/",
            "users": 50,
            **{key: str(folder / file) for key, file in files.items()},
        }

    fast = {"50": 9_600, "1000": 400}
    report("good", times=fast, failures=100)
    report("short", times=fast, minutes=29)
    report("few-users", times=fast, users=49)
    report("failing", times=fast, failures=101)
    report("slow", times={"50": 9_400, "1100": 600})
    report("elsewhere", times=fast, target="https://production.example.test")
    report("other-commit", times=fast, commit="f" * 40)
    report("old", times=fast, days=31)
    report("small", times={"50": 999})
    report("saturated", times=fast, cpu=0.95)
    report("torn", times=fast)
    (tmp_path / "torn" / "stats.json").write_text("[{")
    report("gone", times=fast)
    (tmp_path / "gone" / "history.csv").unlink()

    seen = environment.run("tests/performance/load", "-k", "load_test")

    assert not seen.differences(
        "load_test_kept_its_limits",
        {
            "good": "PASS",
            "short": "FAIL: 50 users for 0:29:00 only, planned is 0:30:00",
            "few-users": "FAIL: 50 users for 0:00:00 only",
            "failing": r"FAIL: 1\.01% of requests failed, limit is 1\.00%",
            "slow": r"FAIL: p95 is 1\.100 s, limit is 1 s",
            "elsewhere": "NOT_VERIFIED: run against https://production",
            "other-commit": "NOT_VERIFIED: is about commit ffffffffffff",
            "old": "NOT_VERIFIED: 31 days old, limit is 30",
            "small": "NOT_VERIFIED: 999 requests, at least 1000",
            "saturated": "NOT_VERIFIED: generator was 95% busy",
            "torn": "NOT_VERIFIED: not a JSON document",
            "gone": r"NOT_VERIFIED: history\.csv: No such file",
        },
    )


def test_main_functions(environment: Environment, site: Site) -> None:
    def slowly(_: BaseHTTPRequestHandler) -> PlainAnswer:
        time.sleep(0.05)
        return 200, {}, ""

    def metrics(handler: BaseHTTPRequestHandler) -> PlainAnswer:
        query = parse_qs(urlsplit(handler.path).query)["query"][0]
        enough = 'route="/busy"' in query
        value = "0.7" if "histogram_quantile" in query else "0" if "5.." in query else "900" if enough else "7"
        data = {"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]}
        return 200, {"Content-Type": "application/json"}, json.dumps({"status": "success", "data": data})

    def web(*journeys: dict[str, Any], **settings: Any) -> dict[str, Any]:
        metrics = {"prometheus": "prometheus", "selector": 'job="shop"'}
        pace = {"per_second": 50}
        return {"kind": "web", "url": site.url, "sample": pace, "metrics": metrics, "journeys": [*journeys], **settings}

    site.answers |= {"/": (200, {}, ""), "/slow": slowly, "/api/v1/query": metrics, "/moved": (302, {}, "")}
    patient = {"p95_seconds": 30}  # what is fast enough is so on a busy machine, too
    page, slow = {"name": "page", "path": "/"} | patient, {"name": "search", "path": "/slow", "p95_seconds": 0.04}
    environment.services = {
        "prometheus": {"kind": "prometheus", "url": site.url, "jobs": ["shop"]},
        "good": web(page, {"name": "moved", "path": "/moved"} | patient),
        "slow": web(page, slow),
        "broken": web({"name": "gone", "path": "/gone"}),
        "watched": web(page | {"route": "/busy"}),
        "watched-slow": web(page | {"route": "/busy", "p95_seconds": 0.6}),
        "quiet": web(page | {"route": "/quiet"}),
        "unnamed": web(),
        "down": web(page, url="http://127.0.0.1:1"),
    }

    seen = environment.run("tests/performance/load", "-k", "main_functions")

    assert not seen.differences(
        "main_functions_respond_in_time",
        {
            "good": "PASS",
            "slow": r"FAIL: p95 of search \d+\.\d+ s \(limit 0\.04 s\)",
            "broken": r"FAIL: more than 1 % of the requests failed: gone 100\.0%",
            "watched": "PASS",
            "watched-slow": r"FAIL: p95 of page 0\.700 s",
            "quiet": "PASS",
            "unnamed": "NOT_VERIFIED: no main functions named",
            "down": "ERROR: refused",
        },
    )
    assert site.asked.count("GET /slow") == 3, "a slow system is not asked again and again"


def test_restart_policies(environment: Environment, tmp_path: Path) -> None:
    config = tmp_path / "supervisord.conf"
    config.write_text("[program:shop]\nautorestart = true\nautostart = false\n[program:job]\nautorestart = false\n")

    def host(name: str, program: str, **settings: Any) -> None:
        process = {"name": program, "manager": "supervisor", "config": str(config), **settings}
        environment.host(name, processes=[process])

    host("good", "shop", at_boot=False)
    host("not-at-boot", "shop")
    host("no-restart", "job")
    host("stranger", "other")
    host("unreadable", "shop", config=str(tmp_path / "absent.conf"))
    environment.host("unnamed")
    environment.unreachable_host("gone", processes=[{"name": "shop.service"}])

    seen = environment.run("tests/performance/stability")

    assert not seen.differences(
        "processes_restart_after_a_crash",
        {
            "good": "PASS",
            "not-at-boot": "FAIL: does not start with the host",
            "no-restart": "FAIL: stays down after a crash",
            "stranger": "FAIL: is not known to supervisor",
            "unreadable": "NOT_VERIFIED: No such file",
            "unnamed": "NOT_VERIFIED: no processes named",
            "gone": "ERROR",
        },
    )
