"""TLS endpoints as they are met: real handshakes with real (throw-away) certificates."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from signoff.errors import AuthenticationError, TimedOutError, UnreachableError
from signoff.probes.network import tls
from signoff.probes.network.certificates import read_certificate
from signoff.probes.web.hsts import parse_hsts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "shop.test"


@contextmanager
def endpoint(context: ssl.SSLContext) -> Iterator[int]:
    """Shake hands with whoever comes, until the block ends; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    try:
                        with context.wrap_socket(client, server_side=True) as secure:
                            secure.recv(1)
                    except OSError:
                        pass  # clients that refuse us are part of the tests

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def server_context(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def test_a_good_endpoint_is_trusted_and_fully_described(authority: trustme.CA, ca_file: str) -> None:
    intermediate = authority.create_child_ca()
    with endpoint(server_context(intermediate.issue_cert(NAME))) as port:
        facts = tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file)
    assert facts.trust_error == ""
    assert facts.protocol == "TLSv1.3"
    assert facts.below_tls12 == ""
    leaf, issuer = facts.chain
    assert leaf.names == (NAME,)
    assert issuer.subject == leaf.issuer
    assert (leaf.key, leaf.weakness) == ("ec 256", "")
    assert leaf.remaining(datetime.now(UTC)) > timedelta(days=30)


def test_a_missing_intermediate_is_not_trusted(authority: trustme.CA, ca_file: str, tmp_path: Path) -> None:
    issued = authority.create_child_ca().issue_cert(NAME)
    pem = tmp_path / "leaf.pem"
    pem.write_bytes(issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with endpoint(context) as port:
        facts = tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file)
    assert "issuer" in facts.trust_error
    assert len(facts.chain) == 1


def test_the_wrong_name_is_not_trusted(authority: trustme.CA, ca_file: str) -> None:
    with endpoint(server_context(authority.issue_cert("other.test"))) as port:
        facts = tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file)
    assert "mismatch" in facts.trust_error
    assert facts.chain[0].names == ("other.test",)


def test_an_expired_certificate_is_not_trusted_and_still_read(authority: trustme.CA, ca_file: str) -> None:
    past = datetime.now(UTC) - timedelta(days=3)
    with endpoint(server_context(authority.issue_cert(NAME, not_after=past))) as port:
        facts = tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file)
    assert "expired" in facts.trust_error
    assert facts.chain[0].remaining(datetime.now(UTC)) < timedelta(days=-2)


def test_an_unknown_authority_is_not_trusted(ca_file: str) -> None:
    with endpoint(server_context(trustme.CA().issue_cert(NAME))) as port:
        assert tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file).trust_error


def test_a_server_that_still_takes_old_tls_is_found_out(authority: trustme.CA, ca_file: str) -> None:
    context = server_context(authority.issue_cert(NAME))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with endpoint(context) as port:
        facts = tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file)
    assert (facts.trust_error, facts.protocol, facts.below_tls12) == ("", "TLSv1.3", "TLSv1.1")


def test_old_tls_is_unknown_where_our_own_library_cannot_ask(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "can_speak_old_tls", lambda: False)
    with endpoint(server_context(authority.issue_cert(NAME))) as port:
        assert tls.read_tls("127.0.0.1", port, server_name=NAME, ca_file=ca_file).below_tls12 is None


def test_a_library_without_the_old_ciphers_notices_that_it_cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tls.can_speak_old_tls.__wrapped__()
    monkeypatch.setattr(tls, "_ANONYMOUS", "AECDH:@SECLEVEL=5")
    assert not tls.can_speak_old_tls.__wrapped__()


def test_what_cannot_be_asked_is_an_error(ca_file: str, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(UnreachableError, match="refused"):
            tls.read_tls("127.0.0.1", closed.getsockname()[1], server_name=NAME, ca_file=ca_file)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimedOutError):
        tls.read_tls("127.0.0.1", silent.getsockname()[1], server_name=NAME, ca_file=ca_file, timeout=0.2)
    (tmp_path / "empty.pem").write_text("")
    for path in (tmp_path / "nothing.pem", tmp_path / "empty.pem"):
        with pytest.raises(AuthenticationError, match=path.name):
            tls.read_tls("127.0.0.1", 1, server_name=NAME, ca_file=str(path))


def test_every_address_of_a_name_is_found() -> None:
    assert "127.0.0.1" in tls.resolve("localhost", 443)
    with pytest.raises(UnreachableError, match=r"nothing\.invalid"):
        tls.resolve("nothing.invalid", 443)


def test_short_keys_are_weak() -> None:
    rsa = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(NAME, key_type=trustme.KeyType.RSA)
    fact = read_certificate(ssl.PEM_cert_to_DER_cert(rsa.cert_chain_pems[0].bytes().decode()))
    assert (fact.key, fact.weakness) == ("rsa 2048", "")


@pytest.mark.parametrize(
    ("header", "days"),
    [
        ("max-age=31536000; includeSubDomains", 365),
        ('MAX-AGE="86400";;', 1),
        (None, None),
        ("", None),
        ("max-age=0", None),
        ("max-age=x", None),
        ("includeSubDomains", None),
        ("max-age=1; max-age=99999999", None),
    ],
)
def test_hsts_is_read_as_browsers_read_it(header: str | None, days: int | None) -> None:
    hsts = parse_hsts(header)
    assert (hsts.max_age.days if hsts else None) == days
