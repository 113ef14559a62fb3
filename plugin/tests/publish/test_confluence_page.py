"""A Confluence page: found again, written only when the decision changed, whole after every kind of failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import PublishError
from signoff.model import State, Verdict
from signoff.publish.http import File
from signoff.reports.daily_markdown import Day

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

pytestmark = pytest.mark.contract
TITLE = "Sign-off: Christmas 1.0.0 (production)"
EVIDENCE = (
    (File(name="signoff.html", content="<p>판정</p>".encode(), media_type="text/html"), "link.page"),
    (File(name="signoff.json", content=b"{}", media_type="application/json"), "link.json"),
)


@pytest.fixture(params=["cloud", "data-center"])
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(flavour: str, kit: SimpleNamespace, running: Callable[[Any], Any], tmp_path: Path) -> Any:
    """Return a site of the flavour, and a desk that publishes there."""
    fake = kit.CloudWiki() if flavour == "cloud" else kit.DataCenterWiki()
    settings = {
        "flavour": flavour,
        "url": running(fake).url,
        "token": kit.token,
        "space": "OPS",
        "language": "en",
        "daily": False,
        **({"user": "bot@example.com"} if flavour == "cloud" else {}),
    }
    fake.desk = kit.Desk(folder=tmp_path, settings={"confluence": settings}, files=EVIDENCE)
    return fake


@pytest.fixture
def bad(kit: SimpleNamespace) -> Any:
    """Return a decision that is NO-GO."""
    make = kit.make
    cell = make.cell("INF-SRV-1", "web1", State.FAIL, "2 cores", reason="too small")
    return make.signoff((make.result("INF-SRV-1", State.FAIL, [cell]),))


@pytest.fixture
def good(kit: SimpleNamespace) -> Any:
    """Return the decision after it was mended."""
    make = kit.make
    cell = make.cell("INF-SRV-1", "web1", State.PASS, "8 cores")
    return make.signoff((make.result("INF-SRV-1", State.PASS, [cell]),), verdict=Verdict.READY)


def test_three_nights_make_one_page_one_attachment_of_each_name_and_versions_on_change_only(
    site: Any, bad: Any, good: Any, kit: SimpleNamespace
) -> None:
    day = timedelta(days=1)
    first = site.desk.publish("confluence", bad)
    second = site.desk.publish("confluence", replace(bad, evaluated_at=kit.now + day, digest="0" * 64))
    writes = len(site.writes())
    third = site.desk.publish("confluence", good)
    assert [one[0].what for one in (first, second, third)] == ["created", "unchanged", "updated"]
    assert len(site.pages) == 1
    page = site.page(TITLE)
    assert len(page["bodies"]) == 2
    assert {name: len(versions) for name, versions in page["files"].items()} == {"signoff.html": 2, "signoff.json": 2}
    assert len(site.writes()) == writes * 2  # the second night wrote nothing
    record = site.desk.records()[-1]
    assert (record.place, record.version, record.digest) == (page["id"], 2, page["property"]["value"]["digest"])


def test_another_measured_value_is_no_news_and_another_state_is(site: Any, bad: Any, kit: SimpleNamespace) -> None:
    site.desk.publish("confluence", bad)
    again = kit.make.cell("INF-SRV-1", "web1", State.FAIL, "3 cores", reason="still too small")
    same = replace(bad, items=(replace(bad.items[0], cells=(again,)),))
    assert site.desk.publish("confluence", same)[0].what == "unchanged"
    more = kit.make.cell("INF-SRV-1", "web2", State.FAIL, "2 cores")
    worse = replace(bad, items=(replace(bad.items[0], cells=(again, more)),))
    assert site.desk.publish("confluence", worse)[0].what == "updated"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_killed_at_any_request_is_made_good_by_the_next(  # noqa: PLR0913 - fixtures
    site: Any, bad: Any, good: Any, kit: SimpleNamespace, die: Callable[..., None], *, after: bool
) -> None:
    site.desk.publish("confluence", bad)
    for number in range(1, 40):
        wanted, word = (good, "READY") if number % 2 else (bad, "NO-GO")
        evidence = File(name="signoff.json", content=f"{word} {number}".encode(), media_type="application/json")
        site.desk.files = ((evidence, "link.json"), *EVIDENCE[:1])
        die(number, after=after)
        try:
            site.desk.publish("confluence", wanted)
        except kit.Died:
            die(0)
            site.desk.publish("confluence", wanted)
        else:
            break
        page = site.page(TITLE)
        assert word in page["bodies"][-1]
        assert page["files"]["signoff.json"][-1] == evidence.content
        value = page["property"]["value"]
        told = (value["digest"], value["version"], value["complete"])
        assert told == (site.desk.records()[-1].digest, len(page["bodies"]), True)
    assert number > 5
    assert len(site.pages) == 1
    assert set(site.page(TITLE)["files"]) == {"signoff.html", "signoff.json"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_first_publication_killed_at_any_request_leaves_one_page_in_the_end(  # noqa: PLR0913 - fixtures
    site: Any, bad: Any, kit: SimpleNamespace, die: Callable[..., None], number: int, *, after: bool
) -> None:
    die(number, after=after)
    try:
        site.desk.publish("confluence", bad)
    except kit.Died:
        die(0)
        site.desk.publish("confluence", bad)
    assert len(site.pages) == 1
    assert site.page(TITLE)["property"]["value"]["complete"] is True


def test_a_conflict_is_tried_again_with_the_newest_version(
    site: Any, bad: Any, good: Any, kit: SimpleNamespace
) -> None:
    site.desk.publish("confluence", bad)
    site.faults = [
        kit.Fault(path=r"/(pages|content)/\d+$", method="PUT", answer=kit.Answer(status=409, json={}), times=2)
    ]
    assert site.desk.publish("confluence", good)[0].what == "updated"
    site.faults = [
        kit.Fault(path=r"/(pages|content)/\d+$", method="PUT", answer=kit.Answer(status=409, json={}), times=9)
    ]
    with pytest.raises(PublishError, match="changes the page at the same time"):
        site.desk.publish("confluence", bad)


def test_a_page_that_somebody_changed_by_hand_is_restored(site: Any, bad: Any) -> None:
    """A wiki page that says GO where the decision says NO-GO must not stay."""
    site.desk.publish("confluence", bad)
    page = site.page(TITLE)
    page["bodies"].append("<p>GO</p>")
    assert site.desk.publish("confluence", bad)[0].what == "updated"
    assert "NO-GO" in page["bodies"][-1]


def test_a_renamed_page_is_found_again_and_keeps_its_name(site: Any, bad: Any, good: Any) -> None:
    site.desk.publish("confluence", bad)
    site.page(TITLE)["title"] = "Go-live"
    site.desk.publish("confluence", good)
    assert [page["title"] for page in site.pages.values()] == ["Go-live"]


def test_a_page_of_somebody_else_is_never_touched_unless_adopted(site: Any, bad: Any) -> None:
    site.add(TITLE, "<p>mine</p>")
    with pytest.raises(PublishError, match="--adopt"):
        site.desk.publish("confluence", bad)
    assert site.page(TITLE)["bodies"] == ["<p>mine</p>"]
    assert site.desk.publish("confluence", bad, adopt=True)[0].what == "updated"
    other = replace(bad, product="Easter", environment="staging")
    site.desk.settings["confluence"]["title"] = TITLE
    with pytest.raises(PublishError, match="something else"):
        site.desk.publish("confluence", other, adopt=True)


def test_too_large_an_attachment_fails_loudly_and_the_page_is_not_written_again(site: Any, bad: Any) -> None:
    site.largest = 5
    for _ in range(2):
        with pytest.raises(PublishError, match=r"signoff\.html is not attached.*413"):
            site.desk.publish("confluence", bad)
    assert len(site.page(TITLE)["bodies"]) == 1
    site.largest = 10_000
    assert site.desk.publish("confluence", bad)[0].what == "unchanged"
    assert set(site.page(TITLE)["files"]) == {"signoff.html", "signoff.json"}


def test_an_expired_token_says_so_and_writes_nothing(site: Any, bad: Any) -> None:
    site.token = "Bearer of-another-account"
    with pytest.raises(PublishError, match=r"401.*expired"):
        site.desk.publish("confluence", bad)
    assert site.pages == {}
    assert [record.step for record in site.desk.records()] == []


def test_too_many_requests_are_waited_for_as_long_as_the_site_asks(site: Any, bad: Any, kit: SimpleNamespace) -> None:
    busy = kit.Answer(status=429, json={}, headers={"Retry-After": "7"})
    site.faults = [kit.Fault(path="/(pages|content)$", method="POST", answer=busy, times=2)]
    assert site.desk.publish("confluence", bad)[0].what == "created"
    assert site.desk.slept == [7.0, 7.0]


def test_a_lost_answer_to_a_creation_makes_no_second_page(site: Any, bad: Any, kit: SimpleNamespace) -> None:
    site.faults = [kit.Fault(path="/(pages|content)$", method="POST", after=True)]
    with pytest.raises(PublishError, match="may have arrived"):
        site.desk.publish("confluence", bad)
    assert site.desk.publish("confluence", bad)[0].what == "updated"
    assert len(site.pages) == 1


def test_a_korean_comment_says_its_charset(site: Any, bad: Any) -> None:
    site.desk.settings["confluence"]["language"] = "ko"
    site.desk.publish("confluence", bad)
    upload = next(seen for seen in site.seen if seen.path.endswith("child/attachment") and seen.method != "GET")
    assert upload.form["comment"][1].decode().startswith("판정 NO-GO")
    assert b"text/plain; charset=utf-8" in upload.body


def test_each_day_is_a_child_page_that_is_written_when_something_happened(
    site: Any, bad: Any, good: Any, kit: SimpleNamespace
) -> None:
    site.desk.settings["confluence"]["daily"] = True
    site.desk.settings["confluence"]["language"] = "ko"
    began = kit.now - timedelta(hours=14)
    today = Day(date=date(2025, 6, 23), began=began, ended=began + timedelta(days=1), signoff=bad)
    site.desk.publish("confluence", bad, day=today)
    assert [one.what for one in site.desk.publish("confluence", bad, day=today)] == ["unchanged", "unchanged"]
    site.desk.publish("confluence", good, day=replace(today, signoff=good))
    child = site.page("일일 점검 2025-06-23 - Christmas 1.0.0 (production)")
    assert child["parent"] == site.page(TITLE)["id"]
    assert len(child["bodies"]) == 2
    tomorrow = replace(today, date=date(2025, 6, 24), signoff=good)
    site.desk.publish("confluence", good, day=tomorrow)
    assert len(site.pages) == 3


def test_a_dry_run_prints_every_request_and_changes_nothing(site: Any, bad: Any, kit: SimpleNamespace) -> None:
    site.desk.shown = []
    (outcome,) = site.desk.publish("confluence", bad)
    assert outcome.what == "created"
    assert site.writes() == []
    assert site.desk.records() == []
    text = "\n".join(site.desk.shown)
    assert text.count("[not sent]") == 4  # the page, two attachments, the property
    assert "signoff.html: 13 bytes" in text
    assert "NO-GO" in text
    assert kit.token not in text


def test_a_known_secret_in_the_evidence_keeps_it_inside(site: Any, bad: Any, kit: SimpleNamespace) -> None:
    secret = min(kit.canaries)
    leaking = File(name="run_report.html", content=f"password {secret}".encode(), media_type="text/html")
    site.desk.files = (*EVIDENCE, (leaking, "link.run_report"))
    with pytest.raises(PublishError, match="known secret") as caught:
        site.desk.publish("confluence", bad)
    assert secret not in str(caught.value)
    assert site.pages == {}


def test_a_broken_ledger_publishes_nothing(site: Any, bad: Any, tmp_path: Path) -> None:
    site.desk.publish("confluence", bad)
    (chain,) = (tmp_path / "ledger").glob("*.jsonl")
    chain.write_text(chain.read_text(encoding="utf-8").replace("begun", "begin"), encoding="utf-8")
    with pytest.raises(PublishError, match="cannot be trusted"):
        site.desk.publish("confluence", bad)
