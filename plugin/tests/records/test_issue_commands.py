"""`signoff issues`: what people record about issues, from the first failure to the last approval."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from signoff.model import IssueAction, IssueStatus

if TYPE_CHECKING:
    from signoff.model import Issue


@pytest.fixture
def broken(world: Any) -> Any:
    """Return a suite whose disk check failed on both hosts, and whose statements are made."""
    for item in ("INF-DR-1", "INF-DR-2"):
        assert world.call(
            "attest", item, "--passed", "--statement", "seen", "--for", "30d", "--key", str(world.keys / "Han")
        ).exit_code == 0  # fmt: skip
    world.clock = datetime.now(UTC) - timedelta(hours=3)
    world.ran({"disk_is_free": "fail"})
    return world


def _only(world: Any) -> Issue:
    (issue,) = world.evaluate().issues
    return issue  # type: ignore[no-any-return]


def test_from_failure_to_proof(broken: Any) -> None:
    key = _only(broken).key
    started = broken.call(
        "issues", "start", key, "--by", "Choi", "--cause", "logs", "--plan", "rotate", "--plan", "grow"
    )
    assert started.exit_code == 0, started.output
    assert "→ In progress" in started.output
    claimed = broken.call("issues", "resolve", key, "--by", "Choi", "--action", "rotated them")
    assert "→ Resolved (not verified)" in claimed.output
    assert "each of these must pass, in a run begun after" in claimed.output
    issue = _only(broken)
    assert (issue.cause, issue.planned, issue.resolved_by) == ("logs", ("rotate", "grow"), "Choi")

    broken.ran(hours_ago=0)
    assert _only(broken).status is IssueStatus.VERIFIED


def test_claim_of_earlier_is_proven_by_a_run_since_then(broken: Any) -> None:
    key = _only(broken).key
    earlier = (broken.clock + timedelta(minutes=30)).isoformat()
    broken.clock += timedelta(hours=1)
    broken.ran()
    assert _only(broken).resolved_at is None
    done = broken.call("issues", "resolve", key, "--by", "Choi", "--action", "grown", "--at", earlier)
    assert done.exit_code == 0, done.output
    issue = _only(broken)
    assert (issue.status, issue.lacks_action) == (IssueStatus.VERIFIED, False)
    assert issue.resolved_at is not None
    assert issue.resolved_at.isoformat() == earlier
    (record,) = [r for r in broken.workspace().store.ledger().records if isinstance(r.body, IssueAction)]
    assert record.at > record.body.at
    assert f"Choi (recorded {record.at.astimezone(SEOUL):%Y-%m-%d %H:%M} +09:00): grown" in " ".join(
        broken.call("issues", "show", key).output.split()
    )


SEOUL = ZoneInfo("Asia/Seoul")
REFUSED = {
    "unknown key": (["start", "ISS-INF-SRV-9", "--by", "Choi"], "no issue 'ISS-INF-SRV-9'; did you mean"),
    "stranger": (["start", "INF", "--by", "Mallory"], "Mallory is not on the roster; known: Choi, Han"),
    "tomorrow": (["resolve", "INF", "--by", "Choi", "--action", "x", "--at", "2999-01-01T00:00:00Z"], "the future"),
    "before it was opened": (
        ["resolve", "INF", "--by", "Choi", "--action", "x", "--at", "2020-01-01T00:00:00Z"],
        "was opened only at",
    ),
    "unknown owner": (["assign", "INF", "--by", "Choi", "--owner", "nobody"], "'nobody' is no team"),
    "past day": (["due", "INF", "--by", "Choi", "--date", "2020-01-01", "--reason", "r"], "lies in the past"),
    "nothing said": (["note", "INF", "--by", "Choi"], "nothing is said"),
    "open already": (["reopen", "INF", "--by", "Choi", "--reason", "r"], "it is OPEN already"),
    "unknown owner in the list": (["list", "--owner", "dbx"], "unknown owner 'dbx'; did you mean 'dba'"),
}


@pytest.mark.parametrize(("arguments", "why"), REFUSED.values(), ids=REFUSED)
def test_is_refused_and_nothing_is_recorded(broken: Any, arguments: list[str], why: str) -> None:
    before = len(broken.workspace().store.ledger().records)
    done = broken.call("issues", *arguments)
    assert (done.exit_code, why in " ".join(done.output.split())) == (12, True), done.output
    assert len(broken.workspace().store.ledger().records) == before


@pytest.mark.parametrize("option", [["--at", "yesterday"], ["--at", "2026-01-01T00:00:00"]])
def test_time_without_a_zone_is_a_mistake_of_usage(broken: Any, option: list[str]) -> None:
    assert broken.call("issues", "resolve", "INF", "--by", "Choi", "--action", "x", *option).exit_code == 2
    assert broken.call("issues", "due", "INF", "--by", "Choi", "--date", "soon", "--reason", "r").exit_code == 2


def test_key_may_be_shortened_as_long_as_one_issue_is_meant(world: Any) -> None:
    world.ran({"disk_is_free": "fail", "clock_is_right": "fail"})
    assert world.call("issues", "show", "inf-srv-1").exit_code == 0
    both = world.call("issues", "show", "ISS-INF-SRV")
    assert (both.exit_code, "several issues begin with 'ISS-INF-SRV': ISS-INF-SRV-" in both.output) == (12, True)
    assert world.call("issues", "show", "").exit_code == 12


def test_empty_register_says_so(world: Any) -> None:
    world.ran()
    assert "No issue was found." in world.call("issues", "list").output
    assert "the register is empty" in world.call("issues", "show", "ISS-X").output


def test_list_is_filtered_and_read_by_programs(world: Any) -> None:
    world.ran({"disk_is_free": "fail", "clock_is_right": "fail"}, hours_ago=24 * 5)
    world.ran({"disk_is_free": "fail"}, hours_ago=1)
    listed = {issue["item"]: issue for issue in world.json("issues", "list")}
    assert {item: issue["status"] for item, issue in listed.items()} == {"INF-SRV-1": "OPEN", "INF-SRV-2": "VERIFIED"}
    assert (listed["INF-SRV-1"]["overdue"], listed["INF-SRV-2"]["lacks_action"]) == (True, True)
    assert listed["INF-SRV-1"]["unproven"] == ["disk_is_free[web1]", "disk_is_free[web2]"]
    for option in ("--open", "--overdue"):
        assert [issue["item"] for issue in world.json("issues", "list", option)] == ["INF-SRV-1"]
    world.call("issues", "assign", "INF-SRV-2", "--by", "Lee", "--owner", "dba")
    assert [issue["item"] for issue in world.json("issues", "list", "--owner", "dba")] == ["INF-SRV-2"]
    assert "No issue matches." in world.call("issues", "list", "--owner", "dba", "--open").output


def test_show_tells_everything_about_one_issue(broken: Any) -> None:
    issue = _only(broken)
    waiver = {"id": "W-9", "item": "INF-SRV-1", "fingerprints": [issue.fingerprint], "approver": "Kim", "role": "tech"}
    waiver |= dict.fromkeys(("reason", "risk", "compensating_control", "requested_by"), "words")
    waiver |= {"created": "2020-01-01T00:00:00Z", "expires": "2020-01-20"}
    (broken.inventory / "waivers.yaml").write_text(json.dumps({"schema_version": 1, "waivers": [waiver]}))
    shown = broken.call("issues", "show", issue.key).output
    for words in (issue.fingerprint, "web1, web2", "disk_is_free[web1], disk_is_free[web2]", "W-9, Kim", "opened, run"):
        assert words in " ".join(shown.split())
    document = broken.json("issues", "show", issue.key)
    assert [event["what"] for event in document["history"]] == ["opened"]
    korean = broken.call("issues", "show", issue.key, "--lang", "ko").output
    assert "종료 조건" in korean


def test_later_day_is_shown_as_extended(broken: Any) -> None:
    key = _only(broken).key
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    done = broken.call("issues", "due", key, "--by", "Lee", "--date", day, "--reason", "parts are late")
    assert done.exit_code == 0, done.output
    assert f"{day} (extended," in broken.call("issues", "show", key).output
    assert "Lee: parts are late" in " ".join(broken.call("issues", "show", key).output.split())
    broken.call("report", "--lang", "en")
    (markdown,) = broken.folder.glob("reports/demo/issues_*.md")
    assert f"Due: {day} (extended," in markdown.read_text()
    assert "](issue_resolution_report_" in markdown.read_text()


def test_secrets_do_not_reach_the_ledger(broken: Any) -> None:
    broken.call("issues", "note", "INF", "--by", "Choi", "--text", "the password: hunter2hunter2 was old")
    assert all(
        "hunter2" not in path.read_text(errors="replace")
        for path in broken.folder.rglob("reports/**/*")
        if path.is_file()
    )


def _approve(world: Any, role: str, name: str) -> Any:
    digest = world.evaluate().digest[:8]
    return world.call("approve", "--role", role, "--key", str(world.keys / name), "--digest", digest)


def test_last_approval_waits_for_the_words_and_whoever_wrote_a_note_may_still_approve(broken: Any) -> None:
    """Proven without a word: tech and QA may sign, the executive not before somebody says what was done."""
    broken.ran(hours_ago=0.01)
    issue = _only(broken)
    assert (issue.status, issue.lacks_action) == (IssueStatus.VERIFIED, True)
    assert "action not recorded (needed before the final approval)" in broken.call("issues", "show", "INF").output
    assert _approve(broken, "tech", "Kim").exit_code == 0
    assert _approve(broken, "qa", "Lee").exit_code == 0
    refused = _approve(broken, "executive", "Park")
    assert (refused.exit_code, "nobody wrote down what was done about ISS-INF-SRV-1" in refused.output) == (12, True)

    broken.call("issues", "note", "INF", "--by", "Lee", "--action", "the logs were rotated")
    assert {str(step.status) for step in broken.evaluate().approvals} == {"SUPERSEDED", "MISSING"}
    for role, name in (("tech", "Kim"), ("qa", "Lee"), ("executive", "Park")):
        done = _approve(broken, role, name)
        assert done.exit_code == 0, done.output
    assert broken.evaluate().verdict == "GO"
    assert _only(broken).status is IssueStatus.CLOSED


def test_whoever_claimed_the_fix_does_not_approve_it(broken: Any) -> None:
    broken.call("issues", "resolve", "INF", "--by", "Kim", "--action", "rotated")
    broken.ran(hours_ago=0)
    refused = _approve(broken, "tech", "Kim")
    assert (refused.exit_code, "separation of duties: Kim resolved" in refused.output) == (12, True)


def test_claim_that_was_taken_back_still_keeps_its_author_from_approving(broken: Any) -> None:
    for verb, who, option in (
        ("resolve", "Kim", "--action"),
        ("reopen", "Kim", "--reason"),
        ("resolve", "Choi", "--action"),
    ):
        assert broken.call("issues", verb, "INF", "--by", who, option, "words").exit_code == 0
    broken.ran(hours_ago=0)
    assert "separation of duties: Kim resolved" in _approve(broken, "tech", "Kim").output
    assert json.loads(broken.call("issues", "list", "--json").output)[0]["resolved_by"] == "Choi"
