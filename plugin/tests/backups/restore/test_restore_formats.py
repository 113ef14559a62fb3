"""`signoff restore-test` with real backups of each format: what comes back, and what it says of those that are bad."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pyrage
import pytest

from tests.backups.restore.lab import said_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.backups.restore.conftest import Source
    from tests.backups.restore.lab import Lab


def test_a_dump_encrypted_by_age_comes_back_and_a_flipped_byte_does_not(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("age") is None:
        pytest.skip("needs the package age")
    key = pyrage.x25519.Identity.generate()
    (lab.folder / "key").write_text(str(key))
    lab.set(decrypt=["age", "-d", "-i", str(lab.folder / "key")])
    backup = lab.store(pyrage.encrypt(source.custom, [key.to_public()]), source.contents)

    status, output = lab.run(monkeypatch)

    assert status == 0, output
    record = lab.record()
    assert (record.passed, record.ended, record.differing, record.failed_tools) == (True, True, (), ())
    assert {table.name: table.rows for table in record.tables} == {"orders": 500, "extra.empty": 0}
    assert [tool.name for tool in record.tools] == ["pg_amcheck"]
    assert record.backup_sha256 == hashlib.sha256(backup.read_bytes()).hexdigest()
    assert record.backup == "shop-1.bin"
    assert record.seconds > 0
    assert output == (
        f"shop-backup: restoring shop-1.bin on scratch1\n"
        f"shop-backup: shop-1.bin in {record.seconds:g} s, 2 tables: everything came back\n"
    )
    assert lab.leftovers() == []

    damaged = bytearray(backup.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    backup.write_bytes(damaged)
    assert lab.run(monkeypatch)[0] == 1
    assert (lab.record().passed, "changed or is damaged" in lab.record().detail) == (False, True)

    # Even if whoever damaged it has changed the manifest as well.
    (lab.backups / "shop-1.bin.sha256").write_text(hashlib.sha256(damaged).hexdigest())
    assert lab.run(monkeypatch)[0] == 1
    assert "cannot be decrypted" in lab.record().detail


@pytest.fixture
def gpg(lab: Lab) -> tuple[str, ...]:
    """Return how gpg is started with a passphrase that stands in a file."""
    if shutil.which("gpg") is None:
        pytest.skip("needs the package gnupg")
    home = lab.folder / "gpg"
    home.mkdir(mode=0o700)
    (lab.folder / "passphrase").write_text("made-up")
    options = ("--batch", "--quiet", "--pinentry-mode", "loopback", "--s2k-count", "1024")
    return ("gpg", "--homedir", str(home), *options, "--passphrase-file", str(lab.folder / "passphrase"))


def test_sql_text_encrypted_by_gpg_is_compared_with_what_was_noted(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch, gpg: tuple[str, ...]
) -> None:
    lab.set(format="plain", decrypt=[*gpg, "--decrypt"], roles=["shop_owner"])
    noted = [{"name": "extra.empty", "rows": 1, "digest": "0" * 64}, {"name": "carts", "rows": 1, "digest": "ab"}]
    try:
        content = said_by(*gpg, "--symmetric", stdin=source.plain)
        lab.store(content, "\n".join([_orders(source), *map(json.dumps, noted)]))
        status, output = lab.run(monkeypatch)
    finally:
        subprocess.run(["gpgconf", "--homedir", gpg[2], "--kill", "all"], check=False, capture_output=True)

    # Another row than was noted, and a table that did not come back.
    assert (status, "different after the restore: extra.empty, carts" in output) == (1, True), output
    record = lab.record()
    assert record.differing == ("extra.empty", "carts")
    assert [(table.name, table.restored_rows) for table in record.tables if table.equal] == [("orders", 500)]
    assert lab.leftovers() == []


def _orders(source: Source) -> str:
    return next(line for line in source.contents.splitlines() if "orders" in line)


def _tar(folder: Path) -> bytes:
    return said_by("tar", "-c", "-C", str(folder), ".")


def test_a_base_backup_is_verified_and_follows_nobody(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.set(format="basebackup", room=8)
    # A command of the original, which no copy may run.
    acted = lab.folder / "acted"
    for name, text in (
        ("recovery.signal", ""),
        ("postgresql.auto.conf", f"restore_command = 'touch {acted}; false'\n"),
    ):
        (source.base / name).write_text(text)
    # What was noted of a table that changes all the time was of another moment than the copy.
    lab.store(
        _tar(source.base), json.dumps({"name": "extra.empty", "rows": 7, "digest": "ab"}) + "\n" + _orders(source)
    )
    lab.set(uncompared=["extra.empty"])

    status, output = lab.run(monkeypatch)

    assert status == 0, output
    assert ([table.name for table in lab.record().tables], lab.record().uncompared) == (["orders"], ("extra.empty",))
    assert [(tool.name, tool.ok) for tool in lab.record().tools] == [("pg_verifybackup", True), ("pg_amcheck", True)]
    assert (acted.exists(), lab.leftovers()) == (False, [])

    relation = max((source.base / "base").rglob("[0-9]*"), key=lambda one: (one.is_file(), one.stat().st_size))
    whole = relation.read_bytes()
    relation.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        # A table that nobody noted shows that the note is of another moment.
        lab.set(uncompared=[])
        lab.store(_tar(source.base), _orders(source))
        status, output = lab.run(monkeypatch)
    finally:
        relation.write_bytes(whole)
    assert (status, lab.record().failed_tools) == (1, ("pg_verifybackup",)), output
    assert "extra.empty" in lab.record().differing


def _packed(**files: str) -> bytes:
    """Return a tar of files; one whose text starts with an arrow is a link."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            if text.startswith("->"):
                entry.type, entry.linkname = tarfile.SYMTYPE, text[2:]
            entry.size = 0 if entry.issym() else len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return memory.getvalue()


FULL = ["sh", "-c", "cat > /dev/full"]
CASES: dict[str, tuple[dict[str, object], Callable[[Source], bytes], bool, str]] = {
    "truncated dump": ({}, lambda source: source.custom[: len(source.custom) // 2], True, "cannot be restored"),
    "truncated text": ({"format": "plain"}, lambda source: source.plain[:-200], True, "it is truncated"),
    "lost table": ({"uncompared": ["carts"]}, lambda source: source.custom, True, "did not come back: carts"),
    "no dump": ({}, lambda _: b"made up", True, "cannot be restored: pg_restore: error: input file"),
    "no data directory": ({"format": "basebackup"}, lambda _: _packed(readme="-"), True, "no data directory"),
    "no archive": ({"format": "basebackup"}, lambda _: b"made up", True, "cannot be unpacked"),
    "disk full": ({"decrypt": FULL}, lambda _: b"x", False, "No space left on device"),
    "no such role": ({"format": "plain"}, lambda source: source.plain, False, 'role "shop_owner" does not exist'),
    "tool ends": ({"decrypt": ["sh", "-c", "no-such-tool"]}, lambda _: b"x", False, "not found"),
    "cut transfer": ({"fetch": ["printf", "x"]}, lambda _: b"xy", False, "1 bytes were fetched, and the backup has 2"),
    "no transfer": ({"fetch": ["sh", "-c", "echo refused >&2; exit 1"]}, lambda _: b"x", False, "fetched: refused"),
    "another version": ({"format": "basebackup"}, lambda _: _packed(PG_VERSION="9"), False, "it is of PostgreSQL 9"),
    "tablespaces": (
        {"format": "basebackup"},
        lambda _: _packed(PG_VERSION="9", tablespace_map="1 /srv"),
        False,
        "tablespaces",
    ),
    "link out of it": (
        {"format": "basebackup"},
        lambda source: _packed(PG_VERSION=(source.base / "PG_VERSION").read_text(), pg_wal="->/tmp"),
        False,
        "pg_wal in it is a link that leads elsewhere",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_good_fails_and_what_the_host_lacks_proves_nothing(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    settings, make, no_good, words = CASES[case]
    lab.set(**settings)
    lab.store(make(source), source.contents)

    status, output = lab.run(monkeypatch)

    record = lab.record()
    assert (status, record.passed, record.ended) == (1 if no_good else 12, False, no_good), output
    assert words in record.detail
    assert words in output
    assert lab.leftovers() == []


def test_what_a_tool_says_steers_no_terminal_and_is_short(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "printf 'ERROR: \\033[2J%010000d\\n' 7 >&2; echo 'DETAIL: Key (email)=(kim@example.com)' >&2; exit 1"
    lab.set(decrypt=["sh", "-c", hostile])
    lab.store(b"x", source.contents)

    status, output = lab.run(monkeypatch)

    assert (status, "\x1b" in output, "kim@example.com" in output) == (1, False, False)
    assert len(output) < 1000
    assert len(lab.record().detail) < 500
