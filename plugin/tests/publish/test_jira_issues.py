"""One Jira issue for each entry of the register, whatever dies, lags or is moved by people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import IssueStatus, State, Verdict
from signoff.publish.jira import label_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

pytestmark = pytest.mark.contract
KEY = "ISS-INF-SRV-1-0a1b2c3d"


@pytest.fixture(params=["cloud", "data-center"])
def project(request: pytest.FixtureRequest, kit: SimpleNamespace, running: Callable[[Any], Any], tmp_path: Path) -> Any:
    """Return a project of either flavour, and a desk that publishes there."""
    fake = kit.Jira()
    settings = {
        "flavour": request.param,
        "url": running(fake).url,
        "token": kit.token,
        "project": "OPS",
        "language": "en",
        "priorities": {"high": "High"},
        "assignees": {"infra": "5b10a28"},
        "labels": ["go-live"],
        **({"user": "bot@example.com"} if request.param == "cloud" else {}),
    }
    fake.desk = kit.Desk(folder=tmp_path, settings={"jira": settings})
    fake.now = kit.now
    return fake


@pytest.fixture
def decision(kit: SimpleNamespace) -> Callable[..., Any]:
    """Return a decision with one entry in the register."""

    def make(status: IssueStatus = IssueStatus.OPEN, **fields: Any) -> Any:
        good = not status.is_open
        state = State.PASS if good else State.FAIL
        cell = kit.make.cell("INF-SRV-1", "web1", state, "2 cores", reason="" if good else "too small")
        issue = kit.make.issue(KEY, "INF-SRV-1", status, targets=("web1",), **fields)
        result = kit.make.result("INF-SRV-1", state, [cell])
        return kit.make.signoff((result,), issues=(issue,), verdict=Verdict.READY if good else Verdict.NO_GO)

    return make


def verified(decision: Callable[..., Any], kit: SimpleNamespace, **fields: Any) -> Any:
    run = decision().items[0].cells[0].observation.run
    return decision(IssueStatus.VERIFIED, verified_run=run, verified_at=kit.now, action="More cores", **fields)


def test_three_nights_make_one_issue_with_the_fields_of_the_register(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    project.lag = timedelta(days=99)  # the search never sees it: the key must come from the ledger
    nights = [
        project.desk.publish("jira", replace(decision(), evaluated_at=kit.now + timedelta(days=n))) for n in range(3)
    ]
    assert [night[0].what for night in nights] == ["created", "unchanged", "unchanged"]
    (issue,) = project.issues.values()
    assert issue["summary"] == "[INF-SRV-1] Check of INF-SRV-1"
    assert issue["duedate"] == "2025-06-25"
    assert issue["priority"] == {"name": "High"}
    assert issue["labels"] == [label_of(decision(), decision().issues[0]), "go-live"]
    assert issue["assignee"] in ({"id": "5b10a28"}, {"name": "5b10a28"})
    for fact in (KEY, "too small", "Mend the setting", "web1", decision().issues[0].fingerprint):
        assert fact in issue["description"]
    assert issue["comments"] == []
    assert project.desk.records()[-1].place == issue["key"]


def test_a_lost_register_finds_the_issue_by_its_label(
    project: Any, decision: Callable[..., Any], tmp_path: Path
) -> None:
    project.desk.publish("jira", decision())
    project.desk.folder = tmp_path / "another-store"
    (outcome,) = project.desk.publish("jira", decision())
    assert (outcome.what, outcome.place) == ("unchanged", "OPS-1")
    assert len(project.issues) == 1
    assert project.issues["OPS-1"]["comments"] == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_creation_without_an_answer_is_waited_for_and_never_made_twice(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace, *, after: bool
) -> None:
    project.lag = timedelta(minutes=10)
    project.faults = [kit.Fault(path="/issue$", method="POST", after=after)]
    (lost,) = project.desk.publish("jira", decision())
    assert lost.failed
    (waiting,) = project.desk.publish("jira", decision())
    assert waiting.failed
    assert "may have been created" in waiting.text
    project.now = project.desk.now = kit.now + timedelta(minutes=20)
    (found,) = project.desk.publish("jira", decision())
    assert found.what == ("unchanged" if after else "created")
    assert len(project.issues) == 1


def test_a_process_killed_at_any_request_repeats_no_comment_and_no_issue(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace, die: Callable[..., None], tmp_path: Path
) -> None:
    for after in (False, True):
        for number in range(1, 9):
            project.issues.clear()
            project.desk.folder = tmp_path / f"store-{after}-{number}"
            for wanted in (decision(), verified(decision, kit), decision(IssueStatus.REOPENED, reopen_count=1)):
                die(number, after=after)
                try:
                    project.desk.publish("jira", wanted)
                except kit.Died:
                    die(0)
                    project.now = project.desk.now = project.desk.now + timedelta(hours=1)
                    project.desk.publish("jira", wanted)
            (issue,) = project.issues.values()
            assert len(issue["comments"]) == len(set(issue["comments"])) == 2
            assert issue["moves"] == ["done", "new"]


def test_a_proven_fix_is_told_with_its_evidence_and_closes_the_issue(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    project.desk.publish("jira", decision())
    now = verified(decision, kit)
    assert project.desk.publish("jira", now)[0].what == "closed"
    issue = project.issues["OPS-1"]
    seen = now.items[0].cells[0].observation
    assert issue["kind"] == "done"
    assert seen.run in issue["comments"][0]
    assert seen.evidence_sha256[:16] in issue["comments"][0]
    assert "More cores" in issue["comments"][0]
    assert project.desk.publish("jira", now)[0].what == "unchanged"
    issue["kind"] = "indeterminate"  # people open it again: that is their business
    assert project.desk.publish("jira", now)[0].what == "unchanged"
    assert issue["moves"] == ["done"]


def test_a_failure_that_comes_back_opens_the_same_issue_each_time(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    project.desk.publish("jira", decision())
    for count in (1, 2):
        project.desk.publish("jira", verified(decision, kit, reopen_count=count - 1))
        assert project.desk.publish("jira", decision(IssueStatus.REOPENED, reopen_count=count))[0].what == "reopened"
    assert project.issues["OPS-1"]["moves"] == ["done", "new", "done", "new"]
    assert len(project.issues) == 1


def test_an_issue_closed_by_hand_is_opened_once_and_then_left(project: Any, decision: Callable[..., Any]) -> None:
    project.desk.publish("jira", decision())
    issue = project.issues["OPS-1"]
    for what, moves, comments in (("reopened", 1, 1), ("commented", 1, 2), ("unchanged", 1, 2), ("unchanged", 1, 2)):
        issue["kind"] = "done"
        (outcome,) = project.desk.publish("jira", decision())
        assert outcome.what == what
        assert (len(issue["moves"]), len(issue["comments"])) == (moves, comments)
    assert "closed by hand" in outcome.text


def test_a_workflow_without_a_way_to_done_gets_a_comment(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    project.can_close = False
    project.desk.publish("jira", decision())
    (outcome,) = project.desk.publish("jira", verified(decision, kit))
    assert (outcome.what, "move it by hand" in outcome.text) == ("commented", True)
    assert project.issues["OPS-1"]["kind"] == "new"


def test_a_change_of_the_register_is_told_once_and_words_of_people_stay(
    project: Any, decision: Callable[..., Any]
) -> None:
    project.desk.publish("jira", decision())
    issue = project.issues["OPS-1"]
    issue["description"] = "what people know better"
    later = decision(IssueStatus.IN_PROGRESS, due=date(2025, 6, 30), owner="devops")
    for _ in range(2):
        project.desk.publish("jira", later)
    assert len(issue["comments"]) == 1
    assert "devops" in issue["comments"][0]
    assert issue["duedate"] == "2025-06-30"
    assert issue["description"] == "what people know better"
    issue["duedate"] = "2025-07-15"
    project.desk.publish("jira", decision(IssueStatus.RESOLVED, due=date(2025, 6, 30), owner="devops"))
    assert issue["duedate"] == "2025-07-15"
    project.desk.publish("jira", decision(IssueStatus.WAIVED, due=date(2025, 6, 30)))
    assert (issue["kind"], "waiver" in issue["comments"][-1]) == ("new", True)


def test_fields_that_the_projects_screen_lacks_are_left_out_and_named(
    project: Any, decision: Callable[..., Any]
) -> None:
    project.unknown_fields = {"duedate", "priority"}
    (outcome,) = project.desk.publish("jira", decision())
    assert outcome.what == "created"
    assert "without duedate, priority" in outcome.text
    assert "2025-06-25" in project.issues["OPS-1"]["description"]
    project.unknown_fields = {"summary"}
    other = decision()
    other = replace(other, issues=(replace(other.issues[0], key="ISS-2", fingerprint="f" * 64),))
    assert project.desk.publish("jira", other)[0].failed


def test_a_deleted_issue_is_reported_and_not_created_again(project: Any, decision: Callable[..., Any]) -> None:
    project.desk.publish("jira", decision())
    project.issues.clear()
    (outcome,) = project.desk.publish("jira", decision())
    assert outcome.failed
    assert "OPS-1 is gone" in outcome.text
    assert project.issues == {}


def test_one_entry_that_fails_does_not_keep_the_others(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    first = decision().issues[0]
    both = replace(decision(), issues=(first, replace(first, key="ISS-OTHER", fingerprint="e" * 64)))
    project.faults = [kit.Fault(path="/issue$", method="POST", answer=kit.Answer(status=413, json={}))]
    assert [one.what for one in project.desk.publish("jira", both)] == ["failed", "created"]


def test_an_entry_that_was_closed_before_anybody_published_it_is_left(
    project: Any, decision: Callable[..., Any], kit: SimpleNamespace
) -> None:
    assert project.desk.publish("jira", verified(decision, kit))[0].what == "left"
    assert project.issues == {}


def test_labels_never_hold_spaces_and_never_meet(decision: Callable[..., Any]) -> None:
    signoff = decision()
    issue = signoff.issues[0]
    names = ("1.0 rc", "1.0_rc", "1.0-rc", "일.영", "일.일", "x" * 300)
    labels = [label_of(replace(signoff, release=name), issue) for name in names]
    assert len(set(labels)) == len(names)
    assert all(len(label) <= 255 and not set(label) & set(' "\\') for label in labels)


def test_a_dry_run_asks_and_writes_nothing(project: Any, decision: Callable[..., Any], kit: SimpleNamespace) -> None:
    project.desk.shown = []
    assert project.desk.publish("jira", decision())[0].what == "created"
    assert project.issues == {}
    assert project.desk.records() == []
    text = "\n".join(project.desk.shown)
    assert "[not sent]" in text
    assert KEY in text
    assert kit.token not in text
