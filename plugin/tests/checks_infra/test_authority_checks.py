"""RBK-TRG-2: who decides on a rollback, from a real policy and a real on-call list: right, wrong, and unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.on_call import OnCallService
from signoff.config.kinds.rollback_authority import RollbackAuthorityService
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHECK = "rollback_deciders_have_deputies_and_can_be_reached"
LIST = """\
schema_version: 1
valid_until: 2026-12-31T00:00:00Z
people:
  - {name: Kim, reached_by: [phone]}
  - {name: Lee, reached_by: [push, email]}
  - {name: Park, reached_by: [email]}
"""


def person(name: str, role: str, *, since: int | None = None, until: int | None = None) -> Any:
    """Return somebody on the roster; `since` and `until` are days from now."""
    start, end = (None if days is None else NOW + timedelta(days=days) for days in (since, until))
    return SimpleNamespace(name=name, roles=(role,), valid_from=start, valid_until=end)


KIM, LEE = person("Kim", "devops"), person("Lee", "operations")
BOTH = ("devops", "operations")


@pytest.fixture
def conclude(tmp_path: Path) -> Callable[..., Any]:
    """Return the function `conclude(roster, deciders, text, on_call)`."""

    def conclude_(
        *roster: Any, deciders: tuple[str, ...] | None = BOTH, text: str | None = LIST, on_call: str = "rota"
    ) -> Any:
        if text is not None:
            (tmp_path / "rota.yaml").write_text(text)
        rule = None if deciders is None else SimpleNamespace(deciders=deciders)
        rota = OnCallService(provider="file", path="rota.yaml")
        inventory = SimpleNamespace(
            policy=SimpleNamespace(rollback=rule, roster=roster),
            services_of=lambda kind: {"rota": rota} if kind == "on_call" else {},
        )
        settings = RollbackAuthorityService(on_call=on_call, document="plan")
        given: dict[str, Any] = {"inventory": inventory, "evaluated_at": NOW}
        given["workspace_path"] = lambda name: tmp_path / name
        return SuiteChecks().one(CHECK, settings, name="authority", **given)

    return conclude_


def test_two_who_can_be_woken_are_enough(conclude: Callable[..., Any]) -> None:
    found = conclude(KIM, LEE, person("Park", "qa"))

    assert (found.state, found.evidence["observed"]) == ("PASS", "devops: Kim, operations: Lee")


@pytest.mark.parametrize(
    ("roster", "reason"),
    [
        ((KIM,), "policy: nobody on the roster is operations now"),
        ((KIM, person("Lee", "operations", until=0)), "policy: nobody on the roster is operations now"),
        ((KIM, person("Lee", "operations", since=1)), "policy: nobody on the roster is operations now"),
        ((KIM, person("Kim", "operations")), "policy: 1 may decide on a rollback, with deputies 2 are needed"),
        ((KIM, LEE, person("Choi", "devops")), "authority: no contact of Choi"),
        ((KIM, LEE, person("Park", "devops")), "authority: cannot be woken: Park"),
    ],
    ids=["vacant", "left today", "begins tomorrow", "no deputy", "unknown", "asleep"],
)
def test_who_cannot_decide_in_time_is_named(conclude: Callable[..., Any], roster: Any, reason: str) -> None:
    found = conclude(*roster)

    assert (found.state, found.reason) == ("FAIL", reason)


@pytest.mark.parametrize(
    ("keys", "state", "reason"),
    [
        ({"deciders": None}, "NOT_VERIFIED", "policy: no deciders of a rollback; write rollback.deciders"),
        ({"deciders": ()}, "NOT_VERIFIED", "write rollback.deciders"),
        ({"on_call": "other"}, "NOT_VERIFIED", "there is no on_call service other; add one"),
        ({"text": LIST.replace("2026-12-31", "2026-11-22")}, "NOT_VERIFIED", "it held until"),
        ({"text": LIST[: LIST.index("  -")]}, "ERROR", "on-call list"),
        ({"text": LIST.replace("name: Kim", "nam: Kim")}, "ERROR", "on-call list"),
        ({"text": None}, "NOT_VERIFIED", "rota.yaml"),
    ],
    ids=["no rule", "no decider", "no rota", "outdated", "cut off", "typo", "no file"],
)
def test_what_nobody_knows_is_no_verdict(
    conclude: Callable[..., Any], keys: dict[str, Any], state: str, reason: str
) -> None:
    found = conclude(KIM, LEE, **keys)

    assert (found.state, reason in found.reason) == (state, True), found.reason
