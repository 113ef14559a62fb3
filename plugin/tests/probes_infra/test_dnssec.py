"""A zone with real signatures: whole, expired, missing, for changed records, and by keys that nobody vouches for."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from dns.dnssectypes import Algorithm

from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.network.dns import NameServer, Question, addresses
from signoff.probes.network.dnssec import SignatureFacts, read_dnssec, read_ds
from signoff.probes.network.mail_records import dmarc_mistake, spf_mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

APEX = dns.name.from_text("shop.test")
NOW = datetime.now(UTC)
TEXT = """
@ 300 SOA ns1 root 7 3600 600 604800 300
@ 300 NS ns1
ns1 300 A 192.0.2.53
@ 60 A 192.0.2.1
www 60 CNAME shop.test.
lost 60 CNAME gone.shop.test.
"""
SHOP, WWW = Question(name="shop.test", type="A"), Question(name="www.shop.test", type="CNAME")


class Keys:
    """One key that signs everything, and what its parent says of it."""

    def __init__(self) -> None:
        self.private = ed25519.Ed25519PrivateKey.generate()
        self.public = dns.dnssec.make_dnskey(self.private.public_key(), Algorithm.ED25519, flags=257)
        self.ds = (dns.dnssec.make_ds(APEX, self.public, "SHA256").to_text(),)

    def sign(self, zone: dns.zone.Zone, *, days: float = 30) -> dns.zone.Zone:
        """Sign every record set of the zone until so many days from now."""
        keys: Any = [(self.private, self.public)]
        until = NOW + timedelta(days=days)
        with zone.writer() as writer:
            dns.dnssec.sign_zone(zone, writer, keys=keys, inception=NOW - timedelta(days=60), expiration=until)
        return zone


def zone(text: str = TEXT) -> dns.zone.Zone:
    return dns.zone.from_text(text, origin=APEX, relativize=False)


@contextmanager
def serving(zone: dns.zone.Zone, name: str = "ns1") -> Iterator[NameServer]:
    """Answer from the zone, aliases followed within it, with signatures for those who ask for them."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, link = self.request
            query = dns.message.from_wire(data)
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.AA
            _answer(zone, reply, query.question[0].name, query.question[0].rdtype, bool(query.ednsflags & dns.flags.DO))
            link.sendto(reply.to_wire(), self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield NameServer(name=name, address="127.0.0.1", port=server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _answer(zone: dns.zone.Zone, reply: Any, name: dns.name.Name, kind: Any, signed: bool) -> None:
    alias = zone.get_rrset(name, dns.rdatatype.CNAME)
    found = zone.get_rrset(name, kind) or alias
    if found is None:
        return
    reply.answer.append(found)
    if signed and (signature := zone.get_rrset(name, dns.rdatatype.RRSIG, found.rdtype)):
        reply.answer.append(signature)
    if found is alias and kind != dns.rdatatype.CNAME:
        _answer(zone, reply, alias[0].target, kind, signed)


def read(given: dns.zone.Zone, ds: tuple[str, ...], *questions: Question) -> SignatureFacts:
    with serving(given) as server:
        (facts,) = read_dnssec([server], "shop.test", questions or (SHOP, WWW), ds=ds, now=NOW)
    return facts


def test_a_signed_zone_verifies_up_to_its_parent() -> None:
    keys = Keys()
    facts = read(keys.sign(zone()), keys.ds)
    assert (facts.keys, facts.wrong, facts.verified) == (1, (), 3)
    assert facts.expires is not None
    assert timedelta(days=29) < facts.expires - NOW < timedelta(days=31)


def test_an_expired_signature_does_not_verify() -> None:
    keys = Keys()
    facts = read(keys.sign(zone(), days=-1), keys.ds)
    assert facts.verified == 0
    assert facts.wrong[1].startswith("shop.test A: signature expired on")


def test_a_changed_record_and_an_unsigned_one_do_not_verify() -> None:
    keys = Keys()
    signed = keys.sign(zone())
    changed = zone(TEXT.replace("192.0.2.1\n", "192.0.2.66\n"))
    signed.replace_rdataset("shop.test.", changed.find_rdataset("shop.test.", "A"))
    signed.delete_rdataset("www.shop.test.", "RRSIG", "CNAME")
    assert read(signed, keys.ds).wrong == (
        "shop.test A: signature does not verify (verify failure)",
        "www.shop.test CNAME: not signed",
    )


def test_keys_that_the_parent_does_not_know_are_nobodys() -> None:
    facts = read(Keys().sign(zone()), Keys().ds)
    assert facts.wrong == ("shop.test. DNSKEY: no key matches the parent's DS",)


def test_a_zone_without_keys_is_not_signed() -> None:
    assert read(zone(), ()) == SignatureFacts(server="ns1", keys=0, wrong=(), verified=0, expires=None)


def test_names_of_other_zones_are_left_out_and_absent_ones_prove_nothing() -> None:
    keys = Keys()
    other, absent = Question(name="other.test", type="A"), Question(name="no.shop.test", type="A")
    assert read(keys.sign(zone()), keys.ds, other, absent).verified == 1, "the keys themselves"


def test_the_parents_ds_is_what_a_resolver_answers() -> None:
    keys = Keys()
    with serving(zone(f"{TEXT}@ 60 DS {keys.ds[0]}\n")) as knows, serving(zone()) as does_not:
        assert read_ds([knows], "shop.test") == keys.ds
        assert read_ds([does_not], "shop.test") == ()


def test_a_ds_that_is_none_and_too_many_questions_are_refused() -> None:
    with pytest.raises(NotVerifiedError, match="no DS record"):
        read(zone(), ("12 thirteen",))
    with pytest.raises(GuardError, match="100"):
        read(zone(), (), *[SHOP] * 100)


def test_an_alias_comes_to_the_addresses_behind_it() -> None:
    with serving(zone()) as server:
        assert addresses([server], "www.shop.test") == {"ns1": {"192.0.2.1"}}
        assert addresses([server], "lost.shop.test") == {"ns1": frozenset()}


@pytest.mark.parametrize(
    ("texts", "mistake"),
    [
        ({'"v=spf1 mx -all"', '"site-verification=1"'}, ""),
        ({'"v=spf1 include:mail.test" " ~all"'}, ""),
        ({'"v=spf1 redirect=_spf.mail.test"'}, ""),
        ({'"v=spf1 mx ?all"'}, "SPF lets everybody send: v=spf1 mx ?all"),
        ({'"v=spf1 +all"'}, "SPF lets everybody send: v=spf1 +all"),
        ({'"v=spf1 -all"', '"v=spf1 mx -all"'}, "2 SPF records"),
        ({'"v=spf10 -all"'}, "no SPF record"),
        (set(), "no SPF record"),
    ],
)
def test_spf(texts: set[str], mistake: str) -> None:
    assert spf_mistake(texts) == mistake


@pytest.mark.parametrize(
    ("texts", "mistake"),
    [
        ({'"v=DMARC1; p=reject; rua=mailto:a@b"'}, ""),
        ({'"v=DMARC1;p=Quarantine"'}, ""),
        ({'"v=DMARC1; p=none"'}, "DMARC policy is none"),
        ({'"v=DMARC1; sp=reject"'}, "DMARC policy is missing"),
        ({'"v=spf1 -all"'}, "no DMARC record"),
        ({'"v=DMARC1; p=reject"', '"v=DMARC1; p=none"'}, "2 DMARC records"),
    ],
)
def test_dmarc(texts: set[str], mistake: str) -> None:
    assert dmarc_mistake(texts, ("reject", "quarantine")) == mistake
