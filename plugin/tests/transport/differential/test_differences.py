"""Where our answer is another than testinfra's on purpose: each difference has a name and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.transport.differential.conftest import outcome

if TYPE_CHECKING:
    from tests.transport.differential.conftest import Pair, Sample


@dataclass(frozen=True)
class Difference:
    """Where we answer otherwise on purpose."""

    question: str
    theirs: tuple[str, Any]
    ours: tuple[str, Any]
    reason: str


DIFFERENCES = {
    "a command that exits 255": Difference(
        'host.run("exit 255").rc',
        ("no answer", ""),
        ("answer", 255),
        "ssh answers 255 for a lost connection too; testinfra takes the one for the other",
    ),
    "a command that is killed": Difference(
        'host.run("kill -9 $$").rc',
        ("no answer", ""),
        ("answer", 137),
        "the same: the command's end is not the connection's",
    ),
    "the language of messages": Difference(
        'host.environment().get("LC_ALL", "")',
        ("answer", ""),
        ("answer", "C"),
        "output is parsed: it must not depend on the account's language",
    ),
    "text that is not UTF-8": Difference(
        'host.file(at / "bytes").content_string[-8:]',
        ("error", "UnicodeDecodeError"),
        ("answer", "\\xfe\\xff"),
        "bytes that are no text stay visible; `content` has them as they are",
    ),
    "the digest of a file that is not there": Difference(
        'host.file(at / "nothing").md5sum',
        ("answer", ""),
        ("no answer", ""),
        "testinfra reads the digest from the end of a pipe, whatever happened at its beginning",
    ),
    "a tool that is not there": Difference(
        'host.find_command("no-such-program")',
        ("error", "ValueError"),
        ("no answer", ""),
        "what cannot be asked for want of a tool is not verified, and the tool is named",
    ),
    "endless output": Difference(
        'len(host.run("head -c 17000000 /dev/zero").stdout)',
        ("answer", 17_000_000),
        ("no answer", ""),
        "an answer is bounded, so that no host can fill the memory of the machine that asks",
    ),
}
WITH_BROKEN_TOOLS = {
    "packages that cannot be looked up": Difference(
        'host.package("bash").is_installed',
        ("answer", False),
        ("no answer", ""),
        "a package database that cannot be read is not a package that is absent",
    ),
    "ports that cannot be listed": Difference(
        'host.socket(f"tcp://127.0.0.1:{at.port}").is_listening',
        ("answer", False),
        ("no answer", ""),
        "`ss` failed and listed nothing; nothing listed is not nothing listening",
    ),
    "a service without a service manager": Difference(
        'host.service("ssh").is_running',
        ("answer", False),
        ("no answer", ""),
        "systemctl says that it cannot look; that is not a stopped service",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_deliberate(name: str, pair: Pair, sample: Sample) -> None:
    _compare(DIFFERENCES[name], pair, sample)


@pytest.mark.parametrize("name", WITH_BROKEN_TOOLS)
def test_what_could_not_look_is_no_answer(name: str, broken_pair: Pair, sample: Sample) -> None:
    _compare(WITH_BROKEN_TOOLS[name], broken_pair, sample)


def _compare(difference: Difference, pair: Pair, sample: Sample) -> None:
    assert outcome(difference.question, pair.theirs, sample) == difference.theirs, difference.reason
    assert outcome(difference.question, pair.ours, sample) == difference.ours, difference.reason
