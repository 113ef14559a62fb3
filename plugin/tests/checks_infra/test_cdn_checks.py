"""INF-NET-2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.cdn import CdnService
from signoff.errors import NotVerifiedError
from signoff.probes.web.cache_headers import CacheFact, Served
from signoff.probes.web.cdn import AssetFact, PageFact
from signoff.probes.web.origin import DirectAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/cdn/test_cdn.py"
HIT, MISS, UNKNOWN = (
    CacheFact(served=served, stored=served is Served.HIT, header=f"X-Cache: {served}")
    for served in (Served.HIT, Served.MISS, Served.UNKNOWN)
)


def asset(second: CacheFact = HIT, **changes: Any) -> AssetFact:
    facts: dict[str, Any] = {
        "url": "/a.css",
        "status": 200,
        "first": MISS,
        "encoding": "gzip",
        "is_text": True,
        "size": 5000,
    }
    return AssetFact(**facts | {"second": second, "first_byte": 0.02} | changes)


def page(*caches: CacheFact, **changes: Any) -> PageFact:
    facts: dict[str, Any] = {
        "url": "/me",
        "status": 200,
        "cache_control": frozenset({"private"}),
        "stranger_sees_it": False,
    }
    return PageFact(**facts | {"caches": caches or (MISS, MISS, MISS)} | changes)


def direct(outcome: Any, address: str = "192.0.2.1:443") -> DirectAnswer:
    return DirectAnswer(address=address, name="shop.test", outcome=outcome, said=outcome)


def cdn(
    *,
    assets: tuple[AssetFact, ...] = (),
    pages: tuple[PageFact, ...] = (),
    answers: tuple[DirectAnswer, ...] = (),
    listens: bool = True,
    **settings: Any,
) -> Any:
    service = CdnService(
        url="https://shop.test",
        assets=("/a.css",),
        private=("/me",),
        origins=({"address": "192.0.2.1", "host": "app1"},),
        **settings,
    )
    return SimpleNamespace(
        name="edge",
        settings=service,
        assets=lambda: assets,
        private_pages=lambda: pages,
        direct_answers=lambda: answers,
        listens=lambda _origin: listens,
    )


@pytest.mark.parametrize(
    ("assets", "state", "reason"),
    [
        ((asset(),), "PASS", ""),
        ((asset(),) * 9 + (asset(MISS),), "PASS", ""),
        ((asset(),) * 8 + (asset(MISS),), "FAIL", "edge: 8 of 9 from the cache; not /a.css (X-Cache: miss)"),
        ((asset(MISS),), "FAIL", "edge: 0 of 1 from the cache; not /a.css (X-Cache: miss)"),
        ((asset(), asset(UNKNOWN)), "NOT_VERIFIED", "edge: no header says whether a cache answered for /a.css"),
        ((), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_hits(run_check: Callable[..., Any], assets: tuple[AssetFact, ...], state: str, reason: str) -> None:
    conclusion = run_check(FILE, "assets_come_from_the_cache", cdn=cdn(assets=assets))
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (asset(), "PASS", ""),
        (asset(encoding="", is_text=False), "PASS", ""),
        (asset(encoding="", size=1023), "PASS", ""),
        (asset(encoding=""), "FAIL", "edge: not compressed: /a.css (5000 bytes)"),
        (asset(first_byte=0.6), "FAIL", "edge: cached assets begin after 0.600 s (95 %), limit is 0.5 s"),
    ],
)
def test_speed(run_check: Callable[..., Any], given: AssetFact, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "assets_arrive_small_and_soon", cdn=cdn(assets=(given,)))
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (page(), "PASS", ""),
        (page(cache_control=frozenset({"no-store"})), "PASS", ""),
        (page(UNKNOWN, UNKNOWN, UNKNOWN), "PASS", ""),
        (page(status=302, cache_control=frozenset()), "PASS", ""),
        (page(MISS, HIT, MISS), "FAIL", "edge: kept in a cache: /me"),
        (page(CacheFact(served=Served.MISS, stored=True, header="x")), "FAIL", "edge: kept in a cache: /me"),
        (page(cache_control=frozenset()), "FAIL", "edge: neither private nor no-store: /me"),
        (page(cache_control=frozenset({"private", "public"})), "FAIL", "edge: neither private nor no-store: /me"),
        (page(stranger_sees_it=True), "FAIL", "edge: a stranger is handed the same page as its owner: /me"),
    ],
)
def test_private(run_check: Callable[..., Any], given: PageFact, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "private_pages_are_never_cached", cdn=cdn(pages=(given,)))
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (cdn(answers=(direct("refused"), direct("refused"))), "PASS", ""),
        (cdn(answers=(direct("no connection"),)), "PASS", ""),
        (
            cdn(answers=(direct("refused"), direct("served"))),
            "FAIL",
            "edge: answered directly: 192.0.2.1:443 as shop.test: served",
        ),
        (
            cdn(answers=(direct("no connection"),), listens=False),
            "NOT_VERIFIED",
            "edge: 192.0.2.1:443 takes no connection, and nothing shows that an origin is there at all",
        ),
        (cdn(), "NOT_VERIFIED", "edge: no origins in the inventory"),
    ],
)
def test_origin(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "nobody_gets_around_the_edge", cdn=given)
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


@pytest.mark.parametrize(
    ("cookies", "status", "judged"),
    [
        ({}, 401, True),
        ({"session": "x"}, 401, False),
        ({"session": "x"}, 200, True),
        ({}, 404, False),
        ({}, 503, False),
    ],
)
def test_a_page_that_is_not_shown_is_not_judged(
    monkeypatch: pytest.MonkeyPatch,
    suite_module: Callable[[str], Any],
    cookies: dict[str, str],
    status: int,
    judged: bool,
) -> None:
    monkeypatch.setattr("signoff.probes.web.cdn.read_private_page", lambda *_args, **_rest: page(status=status))
    monkeypatch.setattr("signoff.probes.web.cdn.read_asset", lambda *_args: asset(status=404))
    given = suite_module("infra/cdn/conftest.py").Cdn(
        name="edge", settings=cdn().settings, session=None, stranger=None, connect=None, cookies=lambda: cookies
    )
    with pytest.raises(NotVerifiedError, match=r"edge: no such asset: /a\.css 404"):
        given.assets()
    if judged:
        assert given.private_pages()[0].status == status
    else:
        with pytest.raises(NotVerifiedError, match=f"not shown: /me {status}"):
            given.private_pages()
