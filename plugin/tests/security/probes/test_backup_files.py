"""Real encrypted and plain files, by the tools that make them."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyrage
import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.backup_files import clock, digest, inspect, list_backups, recorded_digest, usual_size

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost

DUMP = b"PGDMP\x01\x0f\x00" + bytes(1000)


def _gpg(folder: Path, *words: str) -> bytes:
    home = folder / "gpg"
    home.mkdir(mode=0o700, exist_ok=True)
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "x"]
    try:
        return subprocess.run([*command, *words], input=DUMP, check=True, capture_output=True).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)


def _openssl(*words: str) -> bytes:
    command = ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-pass", "pass:x", *words]
    return subprocess.run(command, input=DUMP, check=True, capture_output=True).stdout


def _cms(folder: Path, cipher: str) -> bytes:
    key, certificate = folder / "cms.key", folder / "cms.pem"
    if not certificate.exists():
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=backup", "-keyout", str(key)]
        subprocess.run([*make, "-out", str(certificate)], check=True, capture_output=True)
    command = ["openssl", "cms", "-encrypt", "-binary", cipher, "-outform", "DER", str(certificate)]
    return subprocess.run(command, input=DUMP, check=True, capture_output=True).stdout


def test_what_real_tools_encrypted_is_recognised(shell: CheckedHost, tmp_path: Path) -> None:
    recipient = pyrage.x25519.Identity.generate().to_public()
    contents = {
        "age": pyrage.encrypt(DUMP, [recipient]),
        "openpgp": _gpg(tmp_path, "--symmetric"),
        "openpgp armored": _gpg(tmp_path, "--armor", "--symmetric"),
        "openssl": _openssl(),
        "openssl base64": _openssl("-base64"),
        "cms": _cms(tmp_path, "-aes256"),
        "cms authenticated": _cms(tmp_path, "-aes-256-gcm"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    found = {name: inspect(shell, name) for name in contents}

    assert {name: (facts.format, facts.encrypted) for name, facts in found.items()} == {
        name: (name.partition(" ")[0], True) for name in contents
    }


def test_a_message_that_is_only_packed_is_not_taken_for_an_encrypted_one(shell: CheckedHost, tmp_path: Path) -> None:
    """Both are called PGP MESSAGE: what is inside the armor decides."""
    (tmp_path / "packed").write_bytes(_gpg(tmp_path, "--armor", "--store"))
    (tmp_path / "damaged").write_bytes(_gpg(tmp_path, "--armor", "--symmetric")[:60] + b"!!\n")

    assert _gpg(tmp_path, "--armor", "--store").startswith(b"-----BEGIN PGP MESSAGE-----")
    assert inspect(shell, "packed").encrypted is inspect(shell, "damaged").encrypted is None


def test_the_first_packet_of_a_message_for_a_public_key_is_recognised(shell: CheckedHost, tmp_path: Path) -> None:
    """RFC 9580: a session key packet, in the old and the new form of length."""
    (tmp_path / "old").write_bytes(b"\x85\x02\x0c\x03" + bytes(64))
    (tmp_path / "new").write_bytes(b"\xc1\xc1\x4c\x03" + bytes(64))
    (tmp_path / "other").write_bytes(b"\x85\x02\x0c\x99" + bytes(64))

    assert inspect(shell, "old").format == inspect(shell, "new").format == "openpgp"
    assert inspect(shell, "other").encrypted is None


def test_plain_formats_are_recognised_whatever_the_name_says(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "dump.age").write_bytes(DUMP)
    (tmp_path / "gzip.age").write_bytes(gzip.compress(DUMP))
    (tmp_path / "sql.age").write_text("-- PostgreSQL database dump\n")
    with zipfile.ZipFile(tmp_path / "zip.age", "w") as archive:
        archive.writestr("dump", DUMP)
    with tarfile.open(tmp_path / "tar.age", "w") as packed:
        packed.add(tmp_path / "dump.age", "dump")

    formats = [inspect(shell, f"{name}.age") for name in ("dump", "gzip", "sql", "zip", "tar")]

    assert [facts.format for facts in formats] == ["PostgreSQL dump", "gzip", "SQL text", "zip", "tar"]
    assert not any(facts.encrypted for facts in formats)


def test_a_zip_with_a_password_proves_nothing(shell: CheckedHost, tmp_path: Path) -> None:
    """APPNOTE 4.4.4: the lowest bit of an entry's flags; a cipher of the last century sets it, too."""
    (tmp_path / "zip.age").write_bytes(b"PK\x03\x04\x14\0\x09\0" + bytes(40))

    assert inspect(shell, "zip.age").encrypted is None


@pytest.mark.parametrize("content", [b"\x85", bytes(48) + os.urandom(16)], ids=["one byte", "noise"])
def test_bytes_that_say_nothing_prove_no_encryption(shell: CheckedHost, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "blob").write_bytes(content)

    assert (inspect(shell, "blob").format, inspect(shell, "blob").encrypted) == ("", None)


def test_an_empty_or_missing_file_cannot_be_judged(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")

    for name in ("empty", "absent"):
        with pytest.raises(NotVerifiedError, match="empty, or it cannot be read"):
            inspect(shell, name)


def test_backups_are_listed_oldest_first_with_time_and_size(shell: CheckedHost, tmp_path: Path) -> None:
    for day, name in ((3, "b 3.age"), (1, "b1.age"), (2, "b2.age"), (4, "b1.age.sha256")):
        (tmp_path / name).write_bytes(b"x" * day)
        os.utime(tmp_path / name, (day * 86_400, day * 86_400))

    files = list_backups(shell, str(tmp_path), "*.age")

    assert [(file.name, file.size) for file in files] == [("b1.age", 1), ("b2.age", 2), ("b 3.age", 3)]
    assert files[0].modified == datetime(1970, 1, 2, tzinfo=UTC)
    assert usual_size(files) == 2


def test_no_backup_and_no_folder_are_no_backups(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(NotVerifiedError, match="no file matches"):
        list_backups(shell, "empty", "*.age")
    with pytest.raises(NotVerifiedError):
        list_backups(shell, "absent", "*.age")


@pytest.mark.parametrize("line", ["{digest}  backups/b 1.age", "{digest} *b 1.age", "{digest}"])
def test_recorded_and_actual_digest_can_be_compared(shell: CheckedHost, tmp_path: Path, line: str) -> None:
    (tmp_path / "b 1.age").write_bytes(DUMP)
    for kind in ("sha256", "md5"):
        known = hashlib.new(kind, DUMP).hexdigest()
        (tmp_path / "manifest").write_text(line.format(digest=known) + "\n")

        recorded = recorded_digest(shell, "manifest", "b 1.age", kind=kind)
        assert digest(shell, "b 1.age", kind=kind) == recorded == known


@pytest.mark.parametrize("manifest", ["", f"{'a' * 64}  other.age\n", "d41d8cd98f00b204e9800998ecf8427e  b.age\n"])
def test_a_manifest_without_a_sha256_of_the_file_proves_nothing(
    shell: CheckedHost, tmp_path: Path, manifest: str
) -> None:
    (tmp_path / "manifest").write_text(manifest)

    with pytest.raises(NotVerifiedError, match="no sha256"):
        recorded_digest(shell, "manifest", "b.age")


def test_files_are_dated_by_the_clock_of_their_host(shell: CheckedHost) -> None:
    assert abs((clock(shell) - datetime.now(UTC)).total_seconds()) < 30
