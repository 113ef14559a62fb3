"""A server that answers as SonarQube's HTTP API does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.products.sonarqube import SonarQube
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

ANALYSIS = {"key": "AX1", "date": "2026-11-22T17:00:00+0900", "revision": "3f2a91c4d5e6", "events": []}
BROKEN = {
    "status": "ERROR",
    "metricKey": "new_coverage",
    "comparator": "LT",
    "errorThreshold": "80",
    "actualValue": "71.2",
}
HELD = {"status": "OK", "metricKey": "new_violations", "comparator": "GT", "errorThreshold": "0", "actualValue": "0"}


def _hotspot(number: int) -> dict[str, Any]:
    return {
        "key": f"H{number}",
        "component": f"shop:src/a{number}.py",
        "securityCategory": "sql-injection",
        "vulnerabilityProbability": "HIGH",
        "status": "TO_REVIEW",
        "line": number,
        "ruleKey": "python:S2077",
    }


class Fake:
    """Answers what a test changes, else a green project without hotspots."""

    def __init__(self) -> None:
        self.analyses: Any = [ANALYSIS]
        self.gate: Any = {"status": "OK", "conditions": [HELD], "caycStatus": "compliant"}
        self.hotspots = 0
        self.announced: int | None = None
        self.status = 200

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(request.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if request.headers.get("Authorization") != "Basic c3F1X3Rva2VuOg==":  # squ_token and an empty password
            return 401, {}, ""
        answers = {
            "/api/project_analyses/search": {"analyses": self.analyses},
            "/api/qualitygates/project_status": {"projectStatus": self.gate},
            "/api/hotspots/search": self._page(int(asked.get("p", "1")), int(asked.get("ps", "100"))),
        }
        if asked.get("branch", "main") != "main" or (parts.path.endswith("status") and asked["analysisId"] != "AX1"):
            return 404, {}, '{"errors": [{"msg": "not found"}]}'
        return self.status, {}, json.dumps(answers[parts.path])

    def _page(self, page: int, size: int) -> dict[str, Any]:
        numbers = list(range(self.hotspots))[(page - 1) * size : page * size]
        total = self.hotspots if self.announced is None else self.announced
        return {"paging": {"pageIndex": page, "total": total}, "hotspots": [_hotspot(n + 1) for n in numbers]}


def _ask(serve: Callable[..., Any], fake: Fake, what: str, *, branch: str = "", token: str = "squ_token") -> Any:
    with serve(fake) as url, Session(origins=[url], per_second=1000) as session:
        return getattr(SonarQube(session, url, "shop", token=token, branch=branch), what)()


def test_the_gate_is_that_of_the_newest_analysis(serve: Callable[..., Any]) -> None:
    fake = Fake()
    fake.gate = {"status": "ERROR", "conditions": [BROKEN, HELD]}

    gate = _ask(serve, fake, "gate")

    assert (gate.status, gate.revision, gate.conditions) == ("ERROR", "3f2a91c4d5e6", 2)
    assert gate.at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert [str(one) for one in gate.broken] == ["new_coverage is 71.2, limit is 80"]


def test_hotspots_come_from_every_page(serve: Callable[..., Any]) -> None:
    fake = Fake()
    fake.hotspots = 250

    found = _ask(serve, fake, "hotspots")

    assert len(found) == 250
    assert str(found[-1]) == "src/a250.py:250 python:S2077 (high)"
    assert _ask(serve, Fake(), "hotspots") == ()


def test_hotspots_that_are_announced_must_come(serve: Callable[..., Any]) -> None:
    fake = Fake()
    fake.hotspots, fake.announced = 50, 60

    with pytest.raises(NotVerifiedError, match="60 hotspots announced, 50 given"):
        _ask(serve, fake, "hotspots")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"analyses": []}, "never analysed"),
        ({"analyses": None}, "no list of analyses"),
        ({"analyses": [{"key": "AX1", "date": "yesterday"}]}, "is no time"),
        ({"gate": None}, "no projectStatus"),
        ({"gate": {"conditions": []}}, "no status"),
        ({"status": 404}, "status 404; check project and branch"),
    ],
)
def test_an_answer_with_a_gap_proves_nothing(serve: Callable[..., Any], change: dict[str, Any], reason: str) -> None:
    fake = Fake()
    for name, value in change.items():
        setattr(fake, name, value)

    with pytest.raises(NotVerifiedError, match=reason):
        _ask(serve, fake, "gate")


def test_another_branch_is_another_project(serve: Callable[..., Any]) -> None:
    assert _ask(serve, Fake(), "gate", branch="main").status == "OK"
    with pytest.raises(NotVerifiedError, match="check project and branch"):
        _ask(serve, Fake(), "gate", branch="develop")


def test_refused_and_broken_servers_are_errors(serve: Callable[..., Any]) -> None:
    fake = Fake()
    fake.status = 503

    with pytest.raises(UnreachableError, match="503"):
        _ask(serve, fake, "gate")
    with pytest.raises(AuthenticationError, match="needs Browse"):
        _ask(serve, Fake(), "gate", token="expired")
