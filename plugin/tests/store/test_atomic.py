"""Atomic files: whole or absent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from signoff.store import atomic

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_replaced_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "quite" / "new" / "page.html"
    atomic.write_atomic(path, "하나")
    atomic.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        atomic.write_atomic(tmp_path / "page", "x")
        atomic.write_atomic(tmp_path / "key", "x", mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("when", ["fsync", "replace"])
def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    path = tmp_path / "page"
    atomic.write_atomic(path, "old")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    if when == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(OSError, match="no space"):
        atomic.write_atomic(path, "new")
    assert path.read_text() == "old"
    if when == "fsync":
        assert list(tmp_path.iterdir()) == [path]


def test_creating_never_overwrites(tmp_path: Path) -> None:
    atomic.create_atomic(tmp_path / "approval", "first")
    with pytest.raises(FileExistsError):
        atomic.create_atomic(tmp_path / "approval", "second")
    assert (tmp_path / "approval").read_text() == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["approval"]
