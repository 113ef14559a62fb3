"""Makes runs, observations and people to keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Approval, Cell, Checkpoint, Observation, Outcome, Run
from signoff.store.files import FileStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RUN = "01JWZ0000000000000000000AA"


class Make:
    """Factories; everything that a test does not name is harmless."""

    now = NOW

    @staticmethod
    def run(run_id: str = RUN, **fields: Any) -> Run:
        given: dict[str, Any] = {
            "environment": "demo",
            "release": "1.0",
            "selector": "-m security",
            "planned": (Cell(item="SEC-CFG-1", check="locked", target="web1"),),
            "started": NOW,
            "controller": "ci-3",
            "user": "jenkins",
            "git_revision": "abc1234",
        }
        return Run(id=run_id, **(given | fields))

    @staticmethod
    def seen(seq: int = 0, run: str = RUN, **fields: Any) -> Observation:
        given: dict[str, Any] = {
            "cell": Cell(item="SEC-CFG-1", check="locked", target="web1"),
            "outcome": Outcome.FAIL,
            "started": NOW + timedelta(seconds=seq),
            "finished": NOW + timedelta(seconds=seq, microseconds=1),
            "environment": "demo",
            "release": "1.0",
            "reason": "web1: 포트 23 is open",
            "observed": "open\n\x00\u2028",
            "inspected": 3,
        }
        return Observation(run=run, seq=seq, **(given | fields))

    @staticmethod
    def approval(**fields: Any) -> Approval:
        given: dict[str, Any] = {
            "role": "tech",
            "decision": "approve",
            "approver": "tina",
            "digest": "d" * 64,
            "created": NOW,
            "valid_until": NOW + timedelta(days=14),
            "comment": "읽었음",
            "environment": "demo",
            "release": "1.0",
            "checkpoints": (Checkpoint(run=RUN, seq=4, sha256="e" * 64),),
        }
        return Approval(**(given | fields))


@pytest.fixture(scope="session")
def make() -> Make:
    """Return the factories."""
    return Make()


@pytest.fixture(params=["files", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return an empty store of each kind: what is promised of one holds of both."""
    local = FileStore(tmp_path / "demo")
    if request.param == "files":
        return local
    return request.getfixturevalue("evidence_server").store(local)
