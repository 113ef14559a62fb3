"""A run on a real terminal: what it is doing now is there while it does it, and gone when it ends."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from signoff.reports.plaintext import columns

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {"checks": ["slow"], "targets": "hosts"},
    "INF-SRV-2": {"checks": ["good"], "section": "network"},
}
TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_slow(target, connect, evidence):
    print("noise of a check")
    connect(target.name).run("true")
    if target.name == "web-2":
        time.sleep(5)
    evidence(observed="up", expected="up", inspected=1)

@pytest.mark.checklist(id="INF-SRV-2")
def test_good(evidence): assert False, "says no"
"""
ERASE = "\r\x1b[2K"


def _on_a_terminal(suite: Any, *options: str, workers: int = 0) -> str:
    """Return everything that a run writes to its terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        suite.command(*options, workers=workers),
        cwd=suite.folder,
        env={**suite.environment, "TERM": "xterm"},
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:
        pass  # Linux's way to say that nobody holds the other end any more
    finally:
        os.close(ours)
        process.wait(timeout=120)
    return written.decode()


@pytest.mark.parametrize("workers", [0, 2])
def test_terminal_shows_what_happens_now(write_suite: Callable[..., Any], workers: int) -> None:
    output = _on_a_terminal(write_suite(ITEMS, TESTS), "--signoff-lang=en", workers=workers)
    drawn = re.findall(re.escape(ERASE) + r"([^\r\n]+)\r(?!\n)", output)
    assert any(re.search(r"INF-SRV-1 web-2 for [2-9] s", line) for line in drawn), drawn
    assert any(re.match(r"[12]/3  (✖ 1  )?✔ 1", line) for line in drawn), drawn
    assert any("hosts answering 2 · lost 0" in line for line in drawn), drawn
    assert any("Infrastructure " in line for line in drawn), drawn
    assert not any("noise of a check" in line for line in drawn)
    assert re.search(re.escape(ERASE) + r"Infrastructure +✖ 1  ✔ 2", output)
    block = output[output.rindex(ERASE) + len(ERASE) :]
    assert "NO-GO" in block  # after the last erasure nothing is drawn any more


def test_narrow_terminal_gets_what_fits(write_suite: Callable[..., Any]) -> None:
    suite = write_suite(ITEMS, TESTS)
    suite.environ["COLUMNS"] = "45"  # below 40 pytest believes in 80
    drawn = re.findall(re.escape(ERASE) + r"([^\r\n]+)\r(?!\n)", _on_a_terminal(suite, "--signoff-lang=ko"))
    assert drawn
    assert max(map(columns, drawn)) < 45


def test_file_gets_plain_lines(write_suite: Callable[..., Any]) -> None:
    run = write_suite(ITEMS, TESTS).run("--signoff-lang=en")
    assert "\x1b" not in run.output
    assert re.search(r"^Infrastructure +✖ 1  ✔ 2$", run.output, re.MULTILINE)
