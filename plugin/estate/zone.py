"""The estate's DNS zone: its records, its keys, and the signed zone file that the primary name server loads."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.zone
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from estate.layout import locked, write_atomically
from estate.topology import ADDRESSES, DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

    from dns.rdtypes.ANY.DNSKEY import DNSKEY

    from estate.layout import Layout

FIRST_SERIAL = 2026010101
SIGNED_FOR = timedelta(days=30)
TTL = 300
_KEY_SIGNING, _ZONE_SIGNING = "ksk", "zsk"
_ORIGIN = dns.name.from_text(DOMAIN)


def zone_text(records: str) -> str:
    """Return the records that every zone of the estate begins with, followed by the given ones."""
    hosts = "".join(f"{name} A {address}\n" for name, address in ADDRESSES.items())
    return f"$ORIGIN {DOMAIN}.\n$TTL {TTL}\n{records}{hosts}"


def sign(layout: Layout, text: str, *, until: datetime | None = None) -> str:
    """Return the zone file with NSEC records and signatures of the estate's keys, valid until the instant.

    Args:
        layout: Where the keys are; they are made when they are first needed.
        text: The unsigned zone file.
        until: End of the signatures; default: 30 days from now. Earlier than now: they have expired.
    """
    now = datetime.now(UTC)
    end = until or now + SIGNED_FOR
    zone = dns.zone.from_text(text, origin=_ORIGIN, relativize=False)
    keys: list[Any] = [(_private(layout, kind), _public(layout, kind)) for kind in (_KEY_SIGNING, _ZONE_SIGNING)]
    with zone.writer() as transaction:
        dns.dnssec.sign_zone(
            zone,
            txn=transaction,
            keys=keys,
            add_dnskey=True,
            dnskey_ttl=TTL,
            inception=min(now, end) - timedelta(hours=1),
            expiration=end,
        )
    output = io.StringIO()
    zone.to_file(output, relativize=False)
    return output.getvalue()


def delegation(layout: Layout) -> str:
    """Return what a parent zone would say of this one: the data of its DS record."""
    return dns.dnssec.make_ds(_ORIGIN, _public(layout, _KEY_SIGNING), "SHA256").to_text()


def _public(layout: Layout, kind: str) -> DNSKEY:
    key = _private(layout, kind).public_key()
    flags = 257 if kind == _KEY_SIGNING else 256
    return dns.dnssec.make_dnskey(key, dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=flags)


def _private(layout: Layout, kind: str) -> ec.EllipticCurvePrivateKey:
    file = _key_file(layout, kind)
    with locked(file.with_suffix(".lock")):
        if not file.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            write_atomically(
                file,
                made.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                ),
            )
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the zone's keys are always elliptic-curve keys")
    return key


def _key_file(layout: Layout, kind: str) -> Path:
    return layout.dir / "zone" / f"{kind}.pem"
