"""Keys: made once, for their owner only, outside of repositories."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signoff.errors import ApprovalError
from signoff.store.sign import create_key, load_key, public_key, read_key

if TYPE_CHECKING:
    from pathlib import Path


def test_key_is_its_owners_only_and_is_read_back(tmp_path: Path) -> None:
    public = create_key(tmp_path / "keys" / "tina.pem")
    path = tmp_path / "keys" / "tina.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_key(load_key(path)) == public
    assert len(base64.b64decode(public)) == 32


def test_key_is_never_overwritten(tmp_path: Path) -> None:
    create_key(tmp_path / "tina.pem")
    before = (tmp_path / "tina.pem").read_bytes()
    with pytest.raises(ApprovalError, match="never overwritten"):
        create_key(tmp_path / "tina.pem")
    assert (tmp_path / "tina.pem").read_bytes() == before


def test_key_inside_a_working_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(ApprovalError, match="outside of repositories"):
        create_key(tmp_path / "deep" / "down" / "tina.pem")
    create_key(tmp_path / "throwaway.pem", outside_repository=False)


def test_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "tina.pem")
    (tmp_path / "tina.pem").chmod(0o640)
    with pytest.raises(ApprovalError, match=r"mode 0640\); run chmod 600"):
        load_key(tmp_path / "tina.pem")


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"", b"not a key", other):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ApprovalError, match="no Ed25519 private key"):
            load_key(path)
    with pytest.raises(ApprovalError, match="cannot be read"):
        load_key(tmp_path / "none.pem")


def test_key_inside_a_working_tree_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    create_key(tmp_path / "tina.pem", outside_repository=False)
    with pytest.raises(ApprovalError, match="outside of repositories"):
        load_key(tmp_path / "tina.pem")
    load_key(tmp_path / "tina.pem", outside_repository=False)


def test_encrypted_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    public = create_key(tmp_path / "tina.pem", passphrase="open sesame")
    assert b"ENCRYPTED" in (tmp_path / "tina.pem").read_bytes()
    assert public_key(load_key(tmp_path / "tina.pem", passphrase=lambda: "open sesame")) == public
    with pytest.raises(ApprovalError, match="the passphrase does not open this key"):
        load_key(tmp_path / "tina.pem", passphrase=lambda: "guess")
    with pytest.raises(ApprovalError, match="encrypted; give its passphrase"):
        load_key(tmp_path / "tina.pem")


def test_passphrase_is_not_asked_for_a_key_that_has_none(tmp_path: Path) -> None:
    def ask() -> str:
        raise AssertionError("asked")

    create_key(tmp_path / "tina.pem")
    load_key(tmp_path / "tina.pem", passphrase=ask)


def test_key_from_the_environment_is_named_and_never_shown(tmp_path: Path) -> None:
    public = create_key(tmp_path / "tina.pem")
    content = (tmp_path / "tina.pem").read_bytes()
    assert public_key(read_key(content, "SIGNING_KEY")) == public
    with pytest.raises(ApprovalError, match=r"^SIGNING_KEY: no Ed25519 private key") as caught:
        read_key(b"s3cret" + content[:40], "SIGNING_KEY")
    assert "s3cret" not in str(caught.value)
