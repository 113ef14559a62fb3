"""Printing to PDF: with a real browser, and with programs that do what broken browsers do."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from signoff import paper
from signoff.errors import PaperError
from tests.patience import limits_begin_with, runs, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "<!doctype html><title>page</title><p>ready"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page <1>.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Write a program that stands for a browser."""

    def write(script: str) -> str:
        path = tmp_path / "browser"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return write


def test_a_real_browser_prints_the_page(page: Path, tmp_path: Path) -> None:
    browser, reader = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("pdftotext")
    if browser is None or reader is None:
        pytest.skip("needs chromium and pdftotext (apt-get install chromium poppler-utils)")
    target = tmp_path / "new folder" / "page.pdf"
    paper.print_pdf(page, target, browser)
    done = subprocess.run([reader, str(target), "-"], capture_output=True, text=True, check=True)
    assert "ready" in done.stdout
    assert [path.name for path in target.parent.iterdir()] == ["page.pdf"]


PRINTS = 'for each in "$@"; do case $each in --print-to-pdf=*) printf "%%PDF-1.4 %%%%EOF" > "${each#*=}";; esac; done'


def test_a_pdf_is_whole_or_not_there(page: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    target = tmp_path / "page.pdf"
    target.write_text("the last one", encoding="utf-8")
    for script in ("exit 0", "echo no display >&2; exit 3", PRINTS.replace("%%%%EOF", "")):
        with pytest.raises(PaperError):
            paper.print_pdf(page, target, program(script))
        assert target.read_text(encoding="utf-8") == "the last one"
    paper.print_pdf(page, target, program(PRINTS))
    assert target.read_bytes() == b"%PDF-1.4 %%EOF"


def test_why_it_failed_is_said(page: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    with pytest.raises(PaperError, match=r"ended with status 3: no display"):
        paper.print_pdf(page, tmp_path / "x.pdf", program("echo no display >&2; exit 3"))
    with pytest.raises(PaperError, match="user namespaces"):
        paper.print_pdf(page, tmp_path / "x.pdf", program("echo No usable sandbox! >&2; exit 1"))
    with pytest.raises(PaperError, match="cannot be started"):
        paper.print_pdf(page, tmp_path / "x.pdf", str(tmp_path / "none"))


def test_a_browser_that_hangs_is_stopped_with_its_children(
    page: Path, tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    browser = program(f"sleep 600 & echo $! > {child}.new; mv {child}.new {child}; wait")
    limits_begin_with(child, monkeypatch)
    began = time.monotonic()
    with pytest.raises(PaperError, match=r"no PDF within 0\.5 s"):
        paper.print_pdf(page, tmp_path / "x.pdf", browser, timeout=0.5)
    assert time.monotonic() - began < 300
    number = int(child.read_text())
    wait_until(lambda: not runs(number), "the child outlives its browser")


def test_a_browser_sees_no_secret_of_ours(
    page: Path, tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2-canary")
    paper.print_pdf(page, tmp_path / "x.pdf", program(f"env > {tmp_path}/seen; {PRINTS}"))
    assert "hunter2-canary" not in (tmp_path / "seen").read_text()


def test_the_named_browser_is_taken_and_no_other(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program("exit 0")
    monkeypatch.setenv(paper.BROWSER_VARIABLE, named)
    assert paper.find_browser() == named
    monkeypatch.setenv(paper.BROWSER_VARIABLE, "no-such-browser")
    with pytest.raises(PaperError, match="SIGNOFF_BROWSER names 'no-such-browser'"):
        paper.find_browser()


def test_without_a_browser_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paper.BROWSER_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PaperError, match="apt-get install chromium"):
        paper.find_browser()


@pytest.mark.parametrize("root", [True, False])
def test_only_root_prints_without_the_sandbox_and_is_told_so(
    page: Path, tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    paper.print_pdf(page, tmp_path / "x.pdf", program(f'echo "$@" > {tmp_path}/options; {PRINTS}'))
    assert ("--no-sandbox" in (tmp_path / "options").read_text()) is root
    assert bool(paper.sandbox_note()) is root
