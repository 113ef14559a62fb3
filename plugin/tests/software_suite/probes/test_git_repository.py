from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.repository.git import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.software_suite.conftest import Clone


def test_files_and_contents_are_those_of_the_commit_not_of_the_work_tree(clone: Clone) -> None:
    commit = clone.commit({"migrations/0001_a.up.sql": "select 1;\n", "README.md": "read me\n"})
    (clone.path / "migrations" / "0002_b.up.sql").write_text("never committed")
    (clone.path / "README.md").write_text("changed")

    repository = Repository(path=clone.path)

    assert repository.files(commit, "migrations") == ("migrations/0001_a.up.sql",)
    assert repository.files(commit) == ("README.md", "migrations/0001_a.up.sql")
    assert repository.read(commit, "README.md") == b"read me\n"


def test_names_that_are_not_ascii_survive(clone: Clone) -> None:
    commit = clone.commit({"docs/점검 계획.md": "계획\n"})

    assert Repository(path=clone.path).files(commit, "docs/") == ("docs/점검 계획.md",)


def test_a_release_that_lacks_commits_of_its_branch_is_behind(clone: Clone) -> None:
    old = clone.commit({"a": "1"}, tag="v1")
    clone.commit({"a": "2"})
    new = clone.commit({"a": "3"})
    repository = Repository(path=clone.path)

    assert repository.behind(old, "main") == 2
    assert repository.behind(new, "main") == 0
    assert repository.tags(old) == ("v1",)
    assert repository.tags(new) == ()
    assert repository.resolve("v1") == repository.resolve(old[:10]) == old


def test_an_unknown_revision_cannot_be_judged(clone: Clone) -> None:
    clone.commit({"a": "1"})

    with pytest.raises(NotVerifiedError, match="0123456789 is not known here; fetch"):
        Repository(path=clone.path).resolve("0123456789")


def test_a_revision_that_looks_like_an_option_is_only_a_revision(clone: Clone) -> None:
    clone.commit({"a": "1"})

    with pytest.raises(NotVerifiedError, match="--all is not known here"):
        Repository(path=clone.path).resolve("--all")


def test_a_file_that_the_commit_does_not_hold_cannot_be_judged(clone: Clone) -> None:
    commit = clone.commit({"a": "1"})

    with pytest.raises(NotVerifiedError, match=r"no file poetry\.lock at"):
        Repository(path=clone.path).read(commit, "poetry.lock")


def test_a_directory_that_is_no_repository_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(NotVerifiedError, match="not a git repository"):
        Repository(path=tmp_path).files("HEAD")


def test_variables_of_the_caller_do_not_redirect_the_question(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = clone.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    assert Repository(path=clone.path).resolve("HEAD") == commit


def test_missing_git_cannot_be_judged(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NotVerifiedError, match="git is not installed"):
        Repository(path=clone.path).resolve("HEAD")


def test_only_reading_commands_are_known(clone: Clone) -> None:
    with pytest.raises(ValueError, match="not one of the reading commands"):
        Repository(path=clone.path)._run("gc")
