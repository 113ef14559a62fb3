"""Questions that one process answers for many: an answer that is not beyond doubt is none."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.transport.channel import Completed
from signoff.transport.shell.kinds import Accounts, Packages, Presence, Stat, System, Units

WORD = b"w0rd"
PACKAGE = b"w0rdaw0rd1w0rd\n"


def answer(stdout: bytes, stderr: bytes = b"", status: int = 0) -> Completed:
    return Completed(status=status, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize(
    ("kind", "forms", "good", "bad"),
    [
        (
            Stat(),
            ["%a", "%U"],
            answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n"),
            [
                answer(b"644w0rdrootw0rd\n"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n1w0rd1w0rd\n"),
                answer(b"644w0rdrootw0rd755w0rdbinw0rd\n"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n", b"stat: what?"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n", status=1),
            ],
        ),
        (
            Packages(),
            ["${Version}"],
            answer(PACKAGE, b"dpkg-query: no packages found matching b\n", 1),
            [
                answer(PACKAGE),
                answer(PACKAGE, status=1),
                answer(PACKAGE, b"dpkg-query: no packages found matching c\n", 1),
                answer(PACKAGE, b"dpkg-query: no packages found matching b\n"),
                answer(PACKAGE * 2, b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE + PACKAGE.replace(b"a", b"c"), b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE[:-1], b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE, b"dpkg-query: error: cannot open\n", 2),
                answer(b"x" + PACKAGE, b"dpkg-query: no packages found matching b\n", 1),
            ],
        ),
        (
            Presence(),
            [""],
            answer(b"a\n", b"ls: cannot access 'b': No such file or directory\n", 2),
            [
                answer(b"a\n"),
                answer(b"a\n", b"ls: cannot access 'b': Permission denied\n", 2),
                answer(b"a\n", b"ls: cannot access 'b': No such file or directory\n"),
                answer(b"a\nb\n", b"ls: cannot access 'b': No such file or directory\n", 2),
                answer(b"a\nc\n", b"ls: cannot access 'b': No such file or directory\n", 2),
            ],
        ),
        (
            Accounts(),
            ["", "-u"],
            answer(b"uid=1(a) gid=1(a) groups=1(a)\nuid=2(b) gid=2(b)\n"),
            [
                answer(b"uid=1(a) gid=1(a) groups=1(a)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2 gid=2(b)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2(b b) gid=2(b)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2(b) gid=2(b)\n", b"id: x"),
            ],
        ),
        (
            System(),
            [""],
            None,
            [
                answer(b"Linux\n"),
                answer(b"a b c\n"),
                answer(b"a  b\n"),
                answer(b"a b\nc\n"),
                answer(b"a b\n", status=1),
            ],
        ),
        (
            Units(),
            [""],
            answer(b"Id=a.service\nX=1\n\nId=b\n"),
            [
                answer(b"Id=a.service\n\nX=1\n\nId=b\n"),
                answer(b"Id=b\n\nId=a\n"),
                answer(b"Id=a\n\nX=1\n"),
                answer(b"Id=a\nId=a\n\nId=b\n"),
                answer(b"Id=a\n\nId=b"),
                answer(b"Id=a\nX=\n\n\nId=b\n"),
                answer(b"Id=a\n\nId=b\nX=\n\n"),
                answer(b"Id=a\n\nId=b\n", status=1),
            ],
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "recognise") else "",
)
def test_an_answer_that_is_not_beyond_doubt_answers_nothing(
    kind: Any, forms: list[str], good: Completed | None, bad: list[Completed]
) -> None:
    operands = ["-s", "-m"] if isinstance(kind, System) else ["a", "b"]
    assert good is None or len(kind.read(operands, forms, WORD, good)) == 2 * len(forms)
    for each in bad:
        assert kind.read(operands, forms, WORD, each) == {}, each
