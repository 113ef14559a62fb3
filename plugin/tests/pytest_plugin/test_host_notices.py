"""A lost connection is seen beside the result of the check that met it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = """
import os, signal, time

def lose(host):
    channel = getattr(host.backend.channel, "_inner", host.backend.channel)
    os.kill(channel._link._process.pid, signal.SIGKILL)
    time.sleep(0.5)

@pytest.mark.checklist(id="INF-SRV-1")
def test_the_first_meets_a_loss(host, evidence):
    host.run("true")
    lose(host)
    evidence(observed=host.run("cat /dev/null; echo seen").stdout, expected="seen", inspected=1)

@pytest.mark.checklist(id="INF-SRV-1")
def test_the_second_meets_none(host, evidence):
    evidence(observed=host.run("echo seen").stdout, expected="seen", inspected=1)
"""


def test_a_question_that_was_asked_again_is_told(write_suite: Callable[..., Any]) -> None:
    checks = ["the_first_meets_a_loss", "the_second_meets_none"]
    suite = write_suite({"INF-SRV-1": {"checks": checks, "targets": "hosts"}}, TESTS)

    run = suite.run("--hosts=web-1", "--signoff-gate=off")

    journal = "".join(path.read_text() for path in suite.artifacts() if path.suffix == ".jsonl")
    assert journal.count("web-1: asked again after a lost connection: cat /dev/null; echo seen") == 1, run.output
