"""The signatures of a zone on each of its servers: the chain from the parent's DS, and when they expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.network.dns import MAX_QUERIES, NameServer, Question, exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.rdtypes.ANY.DS import DS


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureFacts:
    """One server's copy of the zone."""

    server: str
    keys: int
    """DNSKEY records; 0: the zone is not signed there."""
    wrong: tuple[str, ...]
    """What does not verify, and why."""
    verified: int
    """Record sets with a good signature."""
    expires: datetime | None
    """When the first of these record sets loses its last good signature."""


def read_dnssec(  # noqa: PLR0913 - where, what, against whom and when
    servers: Sequence[NameServer],
    zone: str,
    questions: Sequence[Question],
    *,
    ds: Sequence[str],
    now: datetime,
    timeout: float = 3.0,
) -> tuple[SignatureFacts, ...]:
    """Return the facts of every server by one query for the keys and one for each record set that exists there.

    Args:
        servers: The authoritative servers.
        zone: Name of the zone.
        questions: Record sets of the zone; those outside of it are left out.
        ds: The parent's DS records in zone-file form; none: the chain is not looked at.
        now: When the signatures must be good.
        timeout: Seconds for one attempt.

    Raises:
        NotVerifiedError: a DS record cannot be read.
        UnreachableError, TimedOutError, GuardError: as `probes.dns.ask`.
    """
    apex = dns.name.from_text(zone)
    own = [one for one in questions if dns.name.from_text(one.name).is_subdomain(apex)]
    if len(servers) * (len(own) + 1) > MAX_QUERIES:
        raise GuardError(f"{zone}: more than {MAX_QUERIES} DNS queries for its signatures")
    anchors = [_ds(text) for text in ds]
    return tuple(_read_one(server, apex, own, anchors, now, timeout) for server in servers)


def read_ds(resolvers: Sequence[NameServer], zone: str, *, timeout: float = 3.0) -> tuple[str, ...]:
    """Return the DS records of the zone as the first resolver knows them; none: the parent does not vouch for it."""
    message = dns.message.make_query(zone, dns.rdatatype.DS, use_edns=0, payload=1232)
    reply = exchange(resolvers[0], message, timeout)
    return tuple(rdata.to_text() for rrset in reply.answer if rrset.rdtype == dns.rdatatype.DS for rdata in rrset)


def _ds(text: str) -> DS:
    try:
        found: Any = dns.rdata.from_text("IN", "DS", text)
    except dns.exception.DNSException as error:
        raise NotVerifiedError(f"{text[:60]!r} is no DS record: write TAG ALGORITHM TYPE DIGEST") from error
    record: DS = found
    return record


def _read_one(  # noqa: PLR0913, PLR0917 - the pieces of one question
    server: NameServer,
    apex: dns.name.Name,
    questions: Sequence[Question],
    anchors: Sequence[DS],
    now: datetime,
    timeout: float,
) -> SignatureFacts:
    keys, key_signatures = _signed(server, apex, dns.rdatatype.DNSKEY, timeout)
    if not keys:
        return SignatureFacts(server=server.name, keys=0, wrong=(), verified=0, expires=None)
    wrong: list[str] = []
    expiries: list[datetime] = []
    trusted = _vouched(apex, keys, anchors) if anchors else keys
    if not trusted:
        wrong.append(f"{apex} DNSKEY: no key matches the parent's DS")
    else:
        _verify(keys, key_signatures, apex, trusted, now, wrong, expiries)
    for question in questions:
        name, kind = dns.name.from_text(question.name), dns.rdatatype.from_text(question.type)
        records, signatures = _signed(server, name, kind, timeout)
        if records:
            _verify(records, signatures, apex, keys, now, wrong, expiries)
    return SignatureFacts(
        server=server.name,
        keys=len(keys),
        wrong=tuple(wrong),
        verified=len(expiries),
        expires=min(expiries, default=None),
    )


def _signed(
    server: NameServer, name: dns.name.Name, kind: dns.rdatatype.RdataType, timeout: float
) -> tuple[dns.rrset.RRset | None, dns.rrset.RRset | None]:
    message = dns.message.make_query(name, kind, want_dnssec=True, payload=1232)
    message.flags &= ~dns.flags.RD
    reply = exchange(server, message, timeout)
    records = next((one for one in reply.answer if one.name == name and one.rdtype == kind), None)
    signatures = next(
        (one for one in reply.answer if one.name == name and one.rdtype == dns.rdatatype.RRSIG and one.covers == kind),
        None,
    )
    return records, signatures


def _vouched(apex: dns.name.Name, keys: dns.rrset.RRset, anchors: Sequence[DS]) -> dns.rrset.RRset | None:
    matching = [
        key
        for key in keys
        for anchor in anchors
        if dns.dnssec.key_id(key) == anchor.key_tag
        and dns.dnssec.make_ds(apex, key, anchor.digest_type, validating=True) == anchor
    ]
    return dns.rrset.from_rdata_list(apex, keys.ttl, matching) if matching else None


def _verify(  # noqa: PLR0913, PLR0917 - the pieces of one signature
    records: dns.rrset.RRset,
    signatures: dns.rrset.RRset | None,
    apex: dns.name.Name,
    keys: dns.rrset.RRset,
    now: datetime,
    wrong: list[str],
    expiries: list[datetime],
) -> None:
    what = f"{records.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(records.rdtype)}"
    good: list[int] = []
    why = "not signed"
    found: Any = signatures or ()
    for signature in found:
        try:
            dns.dnssec.validate_rrsig(records, signature, {apex: keys}, now=now.timestamp())
        except (dns.exception.DNSException, ValueError) as error:
            why = _words(signature, error, now)
        else:
            good.append(signature.expiration)
    if good:
        expiries.append(datetime.fromtimestamp(max(good), UTC))
    else:
        wrong.append(f"{what}: {why}")


def _words(signature: Any, error: Exception, now: datetime) -> str:
    if now.timestamp() > signature.expiration:
        return f"signature expired on {datetime.fromtimestamp(signature.expiration, UTC):%Y-%m-%d}"
    return f"signature does not verify ({str(error) or type(error).__name__})"
