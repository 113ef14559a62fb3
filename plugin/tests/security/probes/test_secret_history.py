"""History remembers what the working tree has forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.probes.secrets.history import scan

if TYPE_CHECKING:
    from pathlib import Path

KEY = "8f1d3a5b7c9e0f2a4b6c8d0e1f3a5b7c"
LEAK = f"API_KEY = '{KEY}'\n"


def test_clean_history_says_how_much_of_it_there_is(clone: Any) -> None:
    clone.commit(a_dot_py="x = 1\n", logo=b"\x89PNG\0\0")
    clone.commit(a_dot_py="x = 2\n")

    facts = scan(clone.path)

    assert (facts.commits, facts.versions, facts.exposures, facts.not_scanned) == (2, 2, (), ())


def test_a_removed_secret_is_found_at_the_commit_that_brought_it(clone: Any) -> None:
    clone.commit("2026-10-01T00:00:00Z", shop__pay_dot_py="x = 1\n")
    guilty = clone.commit("2026-10-02T00:00:00Z", shop__pay_dot_py=LEAK)
    clone.commit("2026-10-03T00:00:00Z", shop__pay_dot_py=LEAK + "y = 2\n")
    clone.commit("2026-10-04T00:00:00Z", shop__pay_dot_py="x = 1\n")

    (exposure,) = scan(clone.path).exposures

    assert (exposure.commit, str(exposure.finding)) == (guilty, "shop/pay.py:1 assigned-secret")
    assert exposure.at.isoformat() == "2026-10-02T00:00:00+00:00"
    assert KEY not in repr(exposure)


def test_a_new_secret_in_the_same_file_is_another_exposure(clone: Any) -> None:
    clone.commit("2026-10-01T00:00:00Z", a_dot_py=LEAK)
    clone.commit("2026-10-02T00:00:00Z", a_dot_py=LEAK.replace("8f1d", "0a9b"))

    assert len(scan(clone.path).exposures) == 2


def test_an_environment_file_in_history_is_a_finding_whatever_it_holds(clone: Any) -> None:
    clone.commit(_dot_env="DEBUG=1\n", _dot_env_dot_example="API_KEY=\n")
    clone.commit(_dot_env=None)

    assert [str(exposure.finding) for exposure in scan(clone.path).exposures] == [".env:0 env-file"]


def test_other_branches_and_merges_are_history_too(clone: Any) -> None:
    clone.commit(a_dot_py="x = 1\n")
    clone.git("checkout", "--quiet", "-b", "side")
    clone.commit(b_dot_py="y = 1\n")
    clone.git("checkout", "--quiet", "main")
    clone.commit(c_dot_py="z = 1\n")
    clone.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    clone.commit(d_dot_py=LEAK)
    clone.commit(d_dot_py="gone = 1\n")
    clone.git("checkout", "--quiet", "-b", "forgotten")
    clone.commit(e_dot_py=LEAK)
    clone.git("checkout", "--quiet", "main")

    assert {exposure.finding.file for exposure in scan(clone.path).exposures} == {"d.py", "e.py"}


def test_the_clone_cannot_configure_its_first_commit_away(clone: Any) -> None:
    clone.commit(a_dot_py=LEAK)
    clone.git("config", "log.showRoot", "false")

    assert len(scan(clone.path).exposures) == 1


def test_excluded_files_are_not_judged(clone: Any) -> None:
    clone.commit(tests__keys_dot_py=LEAK, a_dot_py="x = 1\n")

    assert scan(clone.path, exclude=["tests/*"]).exposures == ()
    with pytest.raises(NotVerifiedError, match="everything is excluded"):
        scan(clone.path, exclude=["*"])


def test_a_file_over_the_limit_is_listed_not_passed(clone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signoff.probes.secrets.history.MAX_FILE", 100)
    clone.commit(big_dot_sql="x" * 101, small_dot_py="x = 1\n")

    facts = scan(clone.path)

    assert (facts.versions, facts.not_scanned) == (1, ("big.sql",))


def test_a_shallow_clone_has_forgotten(clone: Any, tmp_path: Path) -> None:
    clone.commit(a_dot_py=LEAK)
    clone.commit(a_dot_py="x = 1\n")
    clone.git("clone", "--quiet", "--depth=1", f"file://{clone.path}", str(tmp_path / "shallow"))

    with pytest.raises(NotVerifiedError, match="shallow"):
        scan(tmp_path / "shallow")


def test_no_repository_and_no_commit_are_no_clean_history(clone: Any, tmp_path: Path) -> None:
    with pytest.raises(NotVerifiedError, match="nothing was ever committed"):
        scan(clone.path)
    with pytest.raises(NotVerifiedError, match="name a clone"):
        scan(tmp_path / "absent")


def test_a_missing_object_is_no_clean_history(clone: Any) -> None:
    clone.commit(a_dot_py="x = 1\n")
    blob = clone.git("rev-parse", "HEAD:a.py")
    (clone.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(NotVerifiedError, match="missing"):
        scan(clone.path)


def test_the_scan_has_an_end(clone: Any) -> None:
    clone.commit(a_dot_py="x = 1\n")

    with pytest.raises(TimedOutError):
        scan(clone.path, timeout=0.0)
