"""A real detect-secrets over real histories; gitleaks as its program is documented to answer."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.probes.secrets.scanner import scan

LEAK = "AWS_KEY = 'AKIAQ7DKX2M4TZVLJ3WP'\n"
DETECT = str(Path(sys.executable).with_name("detect-secrets"))


@pytest.fixture
def history(clone: Any) -> Any:
    """Return a repository whose secret was removed again: only its past has it."""
    clone.commit("2026-10-01T00:00:00Z", app_dot_py="import os\n")
    clone.commit("2026-10-02T00:00:00Z", app_dot_py=LEAK)
    clone.commit("2026-10-03T00:00:00Z", app_dot_py="import os\n", deep__other_dot_py="x = 1\n")
    return clone


def test_a_real_scanner_sees_what_was_removed_since(history: Any) -> None:
    found = scan(history.path, "detect-secrets", program=DETECT)

    assert found.version.startswith("1.")
    assert found.inspected == 3
    (exposure,) = found.exposures
    assert (exposure.finding.rule, exposure.finding.file, exposure.finding.line) == ("AWS Access Key", "app.py", 1)
    assert exposure.commit == history.git("rev-parse", "HEAD~1")
    assert exposure.at.isoformat() == "2026-10-02T00:00:00+00:00"
    assert "AKIA" not in repr(found)


def test_a_clean_history_has_a_denominator(clone: Any) -> None:
    clone.commit(app_dot_py="import os\n")

    found = scan(clone.path, "detect-secrets", program=DETECT)

    assert (found.inspected, found.exposures) == (1, ())


def _gitleaks(tmp_path: Path, report: object, said: str, status: int = 0) -> str:
    """Return a program that answers as gitleaks 8 does: a report where it was told to, a line on standard error."""
    program = tmp_path / "gitleaks"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nif sys.argv[1] == 'version':\n    print('8.24.0'); sys.exit()\n"
        f"path = next(word for word in sys.argv if word.startswith('--report-path=')).partition('=')[2]\n"
        f"assert sys.argv[1] == 'git' and '--redact=100' in sys.argv and '--log-opts=--all' in sys.argv\n"
        f"open(path, 'w').write({json.dumps(report)!r})\nprint({said!r}, file=sys.stderr)\nsys.exit({status})\n"
    )
    program.chmod(0o700)
    return str(program)


LEAKED = {
    "RuleID": "aws-access-token",
    "StartLine": 1,
    "EndLine": 1,
    "Match": "REDACTED",
    "Secret": "REDACTED",
    "File": "app.py",
    "Commit": "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4",
    "Entropy": 3.5,
    "Author": "Dev",
    "Email": "dev@example.test",
    "Date": "2026-10-02T00:00:00Z",
    "Message": "change",
    "Fingerprint": "3f2a91c4:app.py:aws-access-token:1",
}


@pytest.mark.contract
def test_gitleaks_is_believed_once_it_saw_every_commit(history: Any, tmp_path: Path) -> None:
    program = _gitleaks(
        tmp_path, [LEAKED, LEAKED | {"Date": "2026-10-05T00:00:00+09:00"}], "\x1b[90m3 commits scanned."
    )

    found = scan(history.path, "gitleaks", program=program)

    assert (found.version, found.inspected) == ("8.24.0", 3)
    (exposure,) = found.exposures
    assert (exposure.finding.rule, exposure.at.isoformat()) == ("aws-access-token", "2026-10-04T15:00:00+00:00")


@pytest.mark.contract
@pytest.mark.parametrize(
    ("report", "said", "status", "why"),
    [
        ([], "2 commits scanned.", 0, "saw 2 of 3 commits"),
        ([], "no leaks found", 0, "how much it scanned"),
        ({}, "3 commits scanned.", 0, "another form"),
        ([], "3 commits scanned.", 1, "ended with status 1"),
    ],
)
def test_what_gitleaks_leaves_open_is_no_answer(  # noqa: PLR0913, PLR0917 - one row of the table
    history: Any, tmp_path: Path, report: object, said: str, status: int, why: str
) -> None:
    with pytest.raises(NotVerifiedError, match=why):
        scan(history.path, "gitleaks", program=_gitleaks(tmp_path, report, said, status))


def test_a_missing_scanner_says_how_to_get_it(history: Any) -> None:
    with pytest.raises(NotVerifiedError, match="install gitleaks"):
        scan(history.path, "gitleaks", program="/no/such/gitleaks")


def test_a_shallow_clone_has_no_history(history: Any, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--depth=1", f"file://{history.path}", str(tmp_path / "shallow"))

    with pytest.raises(NotVerifiedError, match="shallow"):
        scan(tmp_path / "shallow", "detect-secrets", program=DETECT)


def test_a_scanner_without_an_end_is_ended(history: Any, tmp_path: Path) -> None:
    program = tmp_path / "slow"
    program.write_text(f"#!{shutil.which('sh')}\n[ $1 = version ] && exec echo 8\nexec sleep 30\n")
    program.chmod(0o700)

    with pytest.raises(TimedOutError, match="longer than"):
        scan(history.path, "gitleaks", program=str(program), timeout=0.5)
