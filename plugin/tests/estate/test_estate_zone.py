"""The estate's signed zone: right signatures hold, expired ones do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dns.dnssec
import dns.exception
import dns.name
import dns.rdatatype
import dns.zone
import pytest

from estate import zone
from estate.layout import Layout
from estate.topology import DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = dns.name.from_text(DOMAIN)
RECORDS = "@ SOA ns1 hostmaster ( 1 60 30 604800 60 )\n@ NS ns1\n@ NS ns2\nshop A 10.77.0.10\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "images")


def validate(text: str, name: str, record_type: str) -> None:
    signed = dns.zone.from_text(text, origin=ORIGIN, relativize=False)
    keys = signed.get_rrset(ORIGIN, "DNSKEY")
    full = dns.name.from_text(name, ORIGIN)
    records = signed.get_rrset(full, record_type)
    signatures = signed.get_rrset(full, "RRSIG", dns.rdatatype.from_text(record_type))
    assert keys is not None
    assert records is not None
    assert signatures is not None
    dns.dnssec.validate(records, signatures, {ORIGIN: keys})


@pytest.mark.parametrize(("name", "record_type"), [("@", "SOA"), ("@", "DNSKEY"), ("shop", "A"), ("ns1", "NSEC")])
def test_every_record_set_is_signed_by_the_zones_keys(layout: Layout, name: str, record_type: str) -> None:
    validate(zone.sign(layout, zone.zone_text(RECORDS)), name, record_type)


def test_signatures_that_have_expired_do_not_hold(layout: Layout) -> None:
    text = zone.sign(layout, zone.zone_text(RECORDS), until=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(dns.exception.ValidationFailure, match="no RRSIGs validated"):
        validate(text, "shop", "A")


def test_a_parent_would_say_the_same_for_the_life_of_the_estate(layout: Layout) -> None:
    tag, algorithm, kind, digest = zone.delegation(layout).split(maxsplit=3)
    assert (algorithm, kind) == ("13", "2")
    assert len(digest) == 64
    assert zone.delegation(layout) == f"{tag} {algorithm} {kind} {digest}"
