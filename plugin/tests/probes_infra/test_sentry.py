"""Sentry's HTTP API, as its documentation has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.products.sentry import Ingest, Project, Sentry, retention_days
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

pytestmark = pytest.mark.contract

SHOP = Project(id="7", slug="shop", status="active")
STATS = "/api/0/organizations/acme/stats_v2/"
RULES = "/api/0/projects/acme/shop/rules/"


def groups(**outcomes: int) -> str:
    rows = [{"by": {"outcome": name}, "totals": {"sum(quantity)": n}, "series": {}} for name, n in outcomes.items()]
    return json.dumps({"start": "…", "end": "…", "intervals": [], "groups": rows})


def test_the_project_is_read_with_its_number(serve: Callable[..., Any]) -> None:
    body = json.dumps({"id": "7", "slug": "shop", "status": "active", "name": "Shop"})
    with serve({"/api/0/projects/acme/shop/": (200, {}, body)}) as address:
        url = f"http://{address}/"
        with Session(origins=[url]) as session:
            assert Sentry(session, url, "acme").project("shop") == SHOP


def test_outcomes_are_asked_for_one_project_and_errors_only(serve: Callable[..., Any]) -> None:
    asked: list[str] = []
    body = groups(accepted=90, rate_limited=7, invalid=3, filtered=1000, client_discard=50).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with serve({STATS: answer}) as address, Session(origins=[f"http://{address}"]) as session:
        ingest = Sentry(session, f"http://{address}", "acme").ingest(SHOP, "24h")
    assert (ingest.accepted, ingest.lost) == (90, 10)
    assert ingest.lost_ratio == 0.1
    assert {"project=7", "category=error", "groupBy=outcome", "statsPeriod=24h"} <= set(
        asked[0].split("?")[1].split("&")
    )


def test_without_events_there_is_no_share() -> None:
    assert Ingest(outcomes={"filtered": 5}).lost_ratio is None
    assert Ingest(outcomes={"rate_limited": 5}).lost_ratio == 1


def test_rules_without_an_action_or_switched_off_are_told_apart(serve: Callable[..., Any]) -> None:
    rules = [
        {"name": "mail", "status": "active", "actions": [{"id": "…NotifyEmailAction", "name": "Send an email"}]},
        {"name": "off", "status": "disabled", "actions": [{"id": "x"}]},
        {"name": "snoozed", "snooze": True, "actions": [{"id": "x"}]},
        {"name": "nothing", "actions": []},
    ]
    with serve({RULES: (200, {}, json.dumps(rules))}) as address, Session(origins=[f"http://{address}"]) as session:
        found = Sentry(session, f"http://{address}", "acme").rules(SHOP)
    assert [(rule.name, rule.is_active, rule.actions) for rule in found] == [
        ("mail", True, ("Send an email",)),
        ("off", False, ("x",)),
        ("snoozed", False, ("x",)),
        ("nothing", True, ()),
    ]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ((401, {}, "{}"), AuthenticationError, "org:read"),
        ((403, {}, "{}"), AuthenticationError, "org:read"),
        ((404, {}, "{}"), NotVerifiedError, "organisation and project"),
        ((502, {}, ""), UnreachableError, "502"),
        ((200, {}, "<html>"), NotVerifiedError, "no JSON"),
        ((200, {}, "[]"), NotVerifiedError, "no object"),
        ((200, {}, '{"groups":[{"by":{}}]}'), NotVerifiedError, "outcome"),
    ],
)
def test_what_is_no_answer_is_no_evidence(
    serve: Callable[..., Any], answer: Any, error: type[Exception], reason: str
) -> None:
    with (
        serve({STATS: answer}) as address,
        Session(origins=[f"http://{address}"]) as session,
        pytest.raises(error, match=reason),
    ):
        Sentry(session, f"http://{address}", "acme").ingest(SHOP, "24h")


def test_rules_that_are_no_list_are_no_evidence(serve: Callable[..., Any]) -> None:
    with (
        serve({RULES: (200, {}, "{}")}) as address,
        Session(origins=[f"http://{address}"]) as session,
        pytest.raises(NotVerifiedError, match="no list"),
    ):
        Sentry(session, f"http://{address}", "acme").rules(SHOP)


def test_rules_are_read_from_every_page(serve: Callable[..., Any]) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        more = "cursor" not in handler.path
        body = json.dumps([{"name": f"rule {len(asked)}", "actions": [{"id": "x"}]}]).encode()
        handler.send_response(200)
        link = f'<http://x/?cursor=0:100:0>; rel="next"; results="{"true" if more else "false"}"; cursor="0:100:0"'
        handler.send_header("Link", link)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with serve({RULES: answer}) as address, Session(origins=[f"http://{address}"]) as session:
        found = Sentry(session, f"http://{address}", "acme").rules(SHOP)
    assert [rule.name for rule in found] == ["rule 1", "rule 2"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"data": [{"timestamp": "2026-11-01T10:00:00+00:00"}]}', "2026-11-01T10:00:00+00:00"),
        ('{"data": []}', None),
    ],
)
def test_the_oldest_event_that_can_still_be_read(serve: Callable[..., Any], body: str, wanted: str | None) -> None:
    with (
        serve({"/api/0/organizations/acme/events/": (200, {}, body)}) as address,
        Session(origins=[f"http://{address}"]) as session,
    ):
        found = Sentry(session, f"http://{address}", "acme").oldest_event(SHOP, 90)
    assert (found.isoformat() if found else None) == wanted


def test_the_settings_of_an_installation_say_how_long_events_are_kept() -> None:
    assert retention_days("A=1\nSENTRY_EVENT_RETENTION_DAYS=90\nexport SENTRY_EVENT_RETENTION_DAYS='30' # days\n") == 30
    for text in ("", "#SENTRY_EVENT_RETENTION_DAYS=30", "SENTRY_EVENT_RETENTION_DAYS=thirty"):
        with pytest.raises(NotVerifiedError, match="SENTRY_EVENT_RETENTION_DAYS"):
            retention_days(text)
