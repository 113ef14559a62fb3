"""Caching edge: it keeps what it should, fast and small, never what is private, and nobody gets around it."""

import pytest

from signoff import not_verified
from signoff.probes.web.cache_headers import Served
from signoff.probes.web.cdn import p95


@pytest.mark.checklist(id="INF-NET-2")
def test_assets_come_from_the_cache(cdn, evidence):
    assets, limit = cdn.assets(), cdn.settings.hits
    hits = [one for one in assets if one.second.served is Served.HIT]
    evidence(
        observed=", ".join(f"{one.url}: {one.first.served} then {one.second.served}" for one in assets),
        expected=f"the second answer from the cache for >= {limit:.0%} of the assets",
        inspected=len(assets),
    )
    silent = [one.url for one in assets if one.second.served is Served.UNKNOWN]
    if silent:
        not_verified(
            f"{cdn.name}: no header says whether a cache answered for {', '.join(silent)}; let the edge send"
            " Cache-Status (RFC 9211), X-Cache or Age"
        )
    missed = ", ".join(f"{one.url} ({one.second.header})" for one in assets if one not in hits)
    assert len(hits) >= limit * len(assets), f"{cdn.name}: {len(hits)} of {len(assets)} from the cache; not {missed}"


@pytest.mark.checklist(id="INF-NET-2")
def test_assets_arrive_small_and_soon(cdn, evidence):
    assets, limit = cdn.assets(), cdn.settings.first_byte
    slowest = p95([one.first_byte for one in assets])
    evidence(
        observed=f"95 % begin within {slowest:.3f} s; " + ", ".join(f"{one.encoding or 'plain'}" for one in assets),
        expected=f"<= {limit:g} s; text of {cdn.settings.compressed_from} bytes and more compressed",
        inspected=len(assets),
    )
    plain = [f"{one.url} ({one.size} bytes)" for one in assets if one.is_text and not one.encoding]
    large = [one for one in assets if one.is_text and not one.encoding and one.size >= cdn.settings.compressed_from]
    assert not large, f"{cdn.name}: not compressed: {', '.join(plain)}"
    assert slowest <= limit, f"{cdn.name}: cached assets begin after {slowest:.3f} s (95 %), limit is {limit:g} s"


@pytest.mark.checklist(id="INF-NET-2")
def test_private_pages_are_never_cached(cdn, evidence):
    pages = cdn.private_pages()
    evidence(
        observed=", ".join(
            f"{one.url} {one.status}: {', '.join(sorted(one.cache_control)) or 'no Cache-Control'};"
            f" {'/'.join(cache.served for cache in one.caches)}"
            for one in pages
        ),
        expected="Cache-Control private or no-store, no copy in any cache, nothing for strangers",
        inspected=len(pages),
    )
    seen = [one.url for one in pages if one.stranger_sees_it]
    assert not seen, f"{cdn.name}: a stranger is handed the same page as its owner: {', '.join(seen)}"
    kept = [one.url for one in pages if any(cache.served is Served.HIT or cache.stored for cache in one.caches)]
    assert not kept, f"{cdn.name}: kept in a cache: {', '.join(kept)}"
    loose = [one.url for one in pages if one.status < 300 and not one.keeps_private]
    assert not loose, f"{cdn.name}: neither private nor no-store: {', '.join(loose)}"


@pytest.mark.checklist(id="INF-NET-2")
def test_nobody_gets_around_the_edge(cdn, evidence):
    answers = cdn.direct_answers()
    evidence(
        observed="; ".join(map(str, answers)) or "no origin in the inventory",
        expected="no origin answers a direct request, neither in the site's name nor by address",
        inspected=len(answers),
    )
    if not answers:
        not_verified(f"{cdn.name}: no origins in the inventory; name the servers behind it")
    served = [str(one) for one in answers if one.outcome == "served"]
    assert not served, f"{cdn.name}: answered directly: {'; '.join(served)}"
    silent = {one.address for one in answers if one.outcome == "no connection"}
    unproven = [
        f"{one.address}:{one.port}"
        for one in cdn.settings.origins
        if f"{one.address}:{one.port}" in silent and not cdn.listens(one)
    ]
    if unproven:
        not_verified(
            f"{cdn.name}: {', '.join(unproven)} takes no connection, and nothing shows that an origin is there at all;"
            " name the inventory host that listens there"
        )
