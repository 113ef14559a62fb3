"""Who is on call: PagerDuty and Opsgenie with every page of their lists, and lists and records kept in files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.demo import operations
from signoff.errors import AuthenticationError, DamagedReportError, NotVerifiedError
from signoff.importers.people import on_call_list, training
from signoff.probes.products.on_call import OnCallPerson, open_roster

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

NOW = datetime.now(UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize("provider", ["pagerduty", "opsgenie"])
def test_everybody_with_a_shift_is_found_to_the_last_page(products: Any, provider: str) -> None:
    session, roster = open_roster(provider, f"{products.url}/{provider}", token="t0ken")
    with session:
        shifts = roster.on_call(("PSHOP01",), start=NOW, end=NOW + MONTH)
        people = roster.people()
    assert [(one.id, one.can_be_woken) for one in shifts] == [("PCHOI01", True), ("PKIM001", True)]
    assert [one.name for one in people] == ["Choi Infra", "Han Operations", "Kim Tech", "Oh Trainee"]
    assert people[1].ways == {"phone", "sms", "email"}


@pytest.mark.parametrize("provider", ["pagerduty", "opsgenie"])
def test_no_shift_is_nobody_and_no_such_schedule_is_no_answer(products: Any, provider: str) -> None:
    session, roster = open_roster(provider, f"{products.url}/{provider}", token="t0ken")
    with session:
        far = NOW + timedelta(days=400)
        assert roster.on_call(("PSHOP01",), start=far, end=far + MONTH) == ()
        with pytest.raises(NotVerifiedError, match="404"):
            roster.on_call(("PNOBODY",), start=NOW, end=NOW + MONTH)


@pytest.mark.parametrize("provider", ["pagerduty", "opsgenie"])
def test_a_wrong_key_is_no_empty_roster(products: Any, provider: str) -> None:
    session, roster = open_roster(provider, f"{products.url}/{provider}", token="wrong")
    with session, pytest.raises(AuthenticationError, match="read-only key"):
        roster.people()


def test_a_disabled_contact_is_no_way_to_be_woken(products: Any) -> None:
    data = operations.read(operations.roster(products.layout))
    data["users"][0]["contact_methods"] = [{"type": "email_contact_method"}]
    operations.write(operations.roster(products.layout), data)
    session, roster = open_roster("pagerduty", f"{products.url}/pagerduty", token="t0ken")
    with session:
        assert not roster.people()[0].can_be_woken


LIST = """\
schema_version: 1
valid_until: 2999-01-01T00:00:00Z
people:
  - {name: Kim, reached_by: [phone, email]}
  - {name: Lee, reached_by: [email]}
"""


def test_a_list_in_a_file_is_a_roster() -> None:
    kim, lee = on_call_list.read(LIST.encode(), now=NOW)
    assert (kim.id, kim.can_be_woken, lee.can_be_woken) == ("Kim", True, False)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda text: text.replace("2999", "2020"), NotVerifiedError, "renew it"),
        (lambda text: text.partition("people:")[0] + "people: []", NotVerifiedError, "nobody stands in it"),
        (lambda text: text.replace("reached_by", "reach_by"), DamagedReportError, "unknown key reach_by"),
        (lambda text: text.replace("phone", "pigeon"), DamagedReportError, "one of email, phone, push, sms"),
        (lambda text: text.replace("schema_version: 1", "schema_version: 2"), DamagedReportError, "schema_version 1"),
        (lambda text: text.replace("+", "").replace("Z", ""), DamagedReportError, "offset"),
        (lambda _: "people: [", DamagedReportError, "not a YAML document"),
        (lambda _: "", DamagedReportError, "on-call list"),
    ],
)
def test_a_list_that_cannot_be_believed(change: Callable[[str], str], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        on_call_list.read(change(LIST).encode(), now=NOW)


RECORD = """\
schema_version: 1
trainings:
  - {person: Kim, at: 2026-01-10T09:00:00Z, by: Han, subject: Handbook}
  - {person: Kim, at: 2025-01-10T09:00:00Z, by: Han, subject: Handbook}
"""


def test_the_newest_training_counts() -> None:
    people = [OnCallPerson(id=name, name=name, ways=frozenset()) for name in ("Kim", "Lee")]
    now = datetime(2026, 1, 12, tzinfo=UTC)
    trained = training.newest(training.read(RECORD.encode(), now=now), people)
    assert trained == {"Kim": datetime(2026, 1, 10, 9, tzinfo=UTC), "Lee": None}
    assert training.lacking(trained, now=now, max_age=timedelta(days=2)) == ("Lee (never)",)
    assert training.lacking(trained, now=now, max_age=timedelta(days=1)) == ("Kim (1 days ago)", "Lee (never)")


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("by: Han", "by: Kim", NotVerifiedError, "trained themselves"),
        ("2026-01-10", "2999-01-10", NotVerifiedError, "in the future"),
        ("subject", "topic", DamagedReportError, "unknown key topic"),
        ("trainings:", "trainings: []\nx:", DamagedReportError, "unknown key x"),
    ],
)
def test_a_record_that_cannot_be_believed(old: str, new: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        training.read(RECORD.replace(old, new).encode(), now=NOW)
