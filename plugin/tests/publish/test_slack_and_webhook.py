"""Slack hears what changed, once, and a service of one's own gets the decision as JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import PublishError
from signoff.model import ApprovalStatus, ApprovalStep, State, Verdict
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

pytestmark = pytest.mark.contract
HOOK = "/services/T0SECRET/B0SECRET/canarywebhook"


@pytest.fixture
def decide(kit: SimpleNamespace) -> Callable[..., Any]:
    """Return a decision on items in the states."""

    def make(*states: State, verdict: Verdict = Verdict.NO_GO, **fields: Any) -> Any:
        results = []
        for number, state in enumerate(states, 1):
            cell = kit.make.cell(f"INF-SRV-{number}", "web1", state, "2 cores", reason=f"reason {number}")
            results.append(kit.make.result(f"INF-SRV-{number}", state, [cell]))
        return kit.make.signoff(tuple(results), verdict=verdict, **fields)

    return make


@pytest.fixture
def channel(kit: SimpleNamespace, running: Callable[[Any], Any], tmp_path: Path) -> Any:
    """Return a channel behind a webhook."""
    fake = kit.Slack()
    settings = {"webhook": f"{running(fake).url}{HOOK}", "language": "en"}
    fake.desk = kit.Desk(folder=tmp_path, settings={"slack": settings})
    return fake


def text_of(message: Any) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def test_slack_hears_of_changes_only_and_of_each_once(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    bad, good = State.FAIL, State.PASS
    nights = [decide(bad, good), decide(bad, good), decide(bad, bad), decide(good, good, verdict=Verdict.READY)]
    said = [channel.desk.publish("slack", night)[0].what for night in nights]
    assert said == ["told", "unchanged", "told", "told"]
    first, second, third = map(text_of, channel.messages)
    assert "reason 1" in first
    assert "NO-GO" in first
    assert "reason 2" in second
    assert "reason 1" not in second  # that was told before
    assert "Before: NO-GO" in third
    assert "2 items no longer block" in third
    assert "Waiting for approval" in third
    again = replace(nights[-1], evaluated_at=kit.now + timedelta(days=1), digest="0" * 64)
    assert channel.desk.publish("slack", again)[0].what == "unchanged"


def test_approvals_and_waivers_about_to_end_are_news(channel: Any, decide: Callable[..., Any]) -> None:
    ready = decide(State.PASS, verdict=Verdict.READY)
    channel.desk.publish("slack", ready)
    steps = (ApprovalStep(role="tech", status=ApprovalStatus.SUPERSEDED), *ready.approvals[1:])
    channel.desk.publish("slack", replace(ready, approvals=steps), ending=(("W-1", "INF-SRV-1"),))
    text = text_of(channel.messages[-1])
    assert "W-1" in text
    assert "Approval" in text
    assert Messages("en")("approval.SUPERSEDED") in text


def test_the_daily_message_comes_once_a_day_after_its_time(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    channel.desk.settings["slack"]["digest"] = "15:00"  # in Seoul; the clock starts at 14:00 there
    signoff = decide(State.FAIL)
    said = []
    for hours in (0, 2, 3, 24, 26):
        channel.desk.now = kit.now + timedelta(hours=hours)
        said.append(channel.desk.publish("slack", signoff)[0].what)
    assert said == ["told", "told", "unchanged", "unchanged", "told"]
    assert "Decision of the day" in text_of(channel.messages[1])
    assert "reason 1" in text_of(channel.messages[1])


def test_a_message_is_within_slacks_limits_however_much_blocks(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    signoff = decide(*[State.FAIL] * 60, product="p" * 500)
    signoff = replace(
        signoff,
        items=tuple(
            replace(r, cells=(kit.make.cell(r.item.id, "w", State.FAIL, "x", reason="&<>" * 500),))
            for r in signoff.items
        ),
    )
    channel.desk.publish("slack", signoff)  # the contract's limits are checked with every request
    text = text_of(channel.messages[0])
    shown = sum(f"INF-SRV-{number} " in text for number in range(1, 61))
    assert 0 < shown <= 10
    assert f"and {60 - shown} more" in text


def test_text_from_outside_mentions_and_links_nobody(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    hostile = "<!channel> <@U123> <https://evil.example|click> *bold* @here"
    cell = kit.make.cell("INF-SRV-1", "web1", State.FAIL, "x", reason=hostile)
    items = (kit.make.result("INF-SRV-1", State.FAIL, [cell]),)
    channel.desk.publish("slack", replace(decide(State.FAIL), items=items))
    text = text_of(channel.messages[0])
    for dangerous in ("<!channel>", "<@U123>", "<https://evil", " *bold*", " @here"):
        assert dangerous not in text


def test_the_page_is_linked_once_it_is_known(channel: Any, decide: Callable[..., Any]) -> None:
    channel.desk.settings["slack"]["page"] = "https://wiki.example.com/x"
    channel.desk.publish("slack", decide(State.FAIL))
    assert "<https://wiki.example.com/x|Open the sign-off page>" in text_of(channel.messages[0])
    channel.desk.settings["slack"]["page"] = "javascript:alert(1)"
    channel.desk.publish("slack", decide(State.PASS, verdict=Verdict.READY))
    assert "javascript" not in text_of(channel.messages[1])


def test_a_message_that_slack_did_not_take_is_told_again(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    gone = kit.Answer(status=404, text="no_service")
    channel.faults = [kit.Fault(path="services", answer=gone)]
    with pytest.raises(PublishError, match="no such webhook any more") as caught:
        channel.desk.publish("slack", decide(State.FAIL))
    assert "canarywebhook" not in str(caught.value)
    busy = kit.Answer(status=429, headers={"Retry-After": "3"})
    channel.faults = [kit.Fault(path="services", answer=busy)]
    assert channel.desk.publish("slack", decide(State.FAIL))[0].what == "told"
    assert channel.desk.slept == [3.0]
    assert len(channel.messages) == 1


def test_a_bot_posts_to_its_channel_and_a_refusal_says_what_to_do(
    channel: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    base = channel.desk.settings["slack"].pop("webhook").removesuffix(HOOK)
    channel.desk.settings["slack"] |= {"token": kit.token, "channel": "C042", "api": f"{base}/api"}
    channel.token = f"Bearer {kit.token}"
    channel.error = "not_in_channel"
    with pytest.raises(PublishError, match="invite it"):
        channel.desk.publish("slack", decide(State.FAIL))
    channel.error = ""
    (outcome,) = channel.desk.publish("slack", decide(State.FAIL))
    assert (outcome.what, outcome.place) == ("told", "170000001.000100")
    assert channel.messages[0]["channel"] == "C042"


@pytest.fixture
def service(kit: SimpleNamespace, running: Callable[[Any], Any], tmp_path: Path) -> Any:
    """Return a service that takes JSON."""
    fake = kit.Service()
    settings = {"url": f"{running(fake).url}/in", "token": kit.token, "signing_key": "a-shared-key"}
    fake.desk = kit.Desk(folder=tmp_path, settings={"webhook": settings})
    return fake


def test_a_service_gets_each_decision_once_signed_and_repeatable(
    service: Any, decide: Callable[..., Any], kit: SimpleNamespace
) -> None:
    service.faults = [kit.Fault(path="/in", after=True)]  # the answer is lost: it is sent again, under the same key
    for night in (decide(State.FAIL), decide(State.FAIL), decide(State.PASS, verdict=Verdict.READY)):
        service.desk.publish("webhook", night)
    first, repeated, second = service.seen
    assert first.headers["Idempotency-Key"] == repeated.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    expected = hmac.new(b"a-shared-key", second.body, hashlib.sha256).hexdigest()
    assert second.headers["X-Signoff-Signature"] == f"sha256={expected}"
    assert second.headers["Authorization"] == f"Bearer {kit.token}"
    assert second.json["verdict"] == "READY"
    assert second.json["items"] == {"INF-SRV-1": "PASS"}


def test_a_dry_run_of_a_secret_address_shows_no_more_than_its_host(channel: Any, decide: Callable[..., Any]) -> None:
    channel.desk.shown = []
    channel.desk.publish("slack", decide(State.FAIL))
    assert channel.seen == []
    assert "/[redacted]" in channel.desk.shown[0]
    assert "canarywebhook" not in channel.desk.shown[0]
