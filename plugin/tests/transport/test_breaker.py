"""A lost host is known to all processes of a run at once, and to no other run."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from signoff.errors import AuthenticationError, UnreachableError
from signoff.transport.breaker import Breaker

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.errors import CouldNotCheckError

CRASHING = """
import os, sys
from pathlib import Path
from signoff.transport.breaker import Breaker
assert Breaker(Path(sys.argv[1])).may_try("web-1")
print("trying", flush=True)
sys.stdin.read()
os._exit(3)
"""


@pytest.mark.parametrize(
    "error", [UnreachableError("web-1: no route"), AuthenticationError("web-1: the host's key is not known")]
)
def test_a_lost_host_is_lost_for_all_with_the_same_words(tmp_path: Path, error: CouldNotCheckError) -> None:
    one, other = Breaker(tmp_path), Breaker(tmp_path)
    assert one.may_try("web-1")
    one.failed("web-1", error)
    assert other.may_try("web-1")
    for breaker in (one, other):
        found = breaker.failure("web-1")
        assert (type(found), str(found)) == (type(error), str(error))
        assert breaker.failure("web-1") is not found
        assert breaker.failure("web-2") is None


def test_two_processes_do_not_try_a_host_at_the_same_time(tmp_path: Path) -> None:
    one, other = Breaker(tmp_path), Breaker(tmp_path)
    assert one.may_try("web-1")
    assert not other.may_try("web-1")
    assert other.may_try("web-2")
    one.succeeded("web-1")
    assert other.may_try("web-1")
    assert Breaker(tmp_path).may_try("web-1"), "a host that answers is everybody's at once"


def test_a_process_that_crashes_while_it_tries_holds_nobody_up(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"trying\n"
        breaker = Breaker(tmp_path)
        assert not breaker.may_try("web-1")
        process.kill()
    deadline = time.monotonic() + 30
    while not breaker.may_try("web-1"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_reason_that_is_this_machines_own_is_not_shared(tmp_path: Path) -> None:
    one = Breaker(tmp_path)
    assert one.may_try("web-1")
    one.give_back("web-1")
    other = Breaker(tmp_path)
    assert other.may_try("web-1")
    assert other.failure("web-1") is None


@pytest.mark.parametrize("text", ["", "[]", '{"error": "SystemExit", "message": "x"}', '{"error": "UnreachableError"}'])
def test_what_cannot_be_read_is_worth_nothing(tmp_path: Path, text: str) -> None:
    Breaker(tmp_path).failed("web-1", UnreachableError("x"))
    next(tmp_path.glob("*.lost")).write_text(text)
    assert Breaker(tmp_path).failure("web-1") is None


def test_alone_a_process_shares_with_nobody() -> None:
    one = Breaker()
    assert one.may_try("web-1")
    one.failed("web-1", UnreachableError("web-1: gone"))
    assert str(one.failure("web-1")) == "web-1: gone"
    assert Breaker().failure("web-1") is None
