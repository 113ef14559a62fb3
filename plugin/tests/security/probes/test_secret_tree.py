"""A deployed tree on a host: what is found, what is counted, and what makes the answer worthless."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.secrets.tree import file_mode, scan

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost

KEY = "8f1d3a5b7c9e0f2a4b6c8d0e1f3a5b7c"


pytestmark = pytest.mark.usefixtures("source")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "srv" / "shop"
    folder.mkdir(parents=True)
    (folder / "clean.py").write_text("import os\n\nKEY = os.environ['API_KEY']\n")
    (folder / "logo.png").write_bytes(b"\x89PNG\0" + b"api_key" * 4)
    return folder


def test_a_clean_tree_has_files_and_no_finding(shell: CheckedHost) -> None:
    facts = scan(shell, "srv/shop")

    assert (facts.files, facts.findings) == (2, ())


def test_a_hard_coded_key_is_found_with_its_place_and_without_its_value(shell: CheckedHost, source: Path) -> None:
    (source / "pay ments.py").write_text(f"import hmac\n\nAPI_KEY = '{KEY}'\n")

    (finding,) = scan(shell, "srv/shop").findings

    assert (finding.rule, finding.file, finding.line) == ("assigned-secret", "srv/shop/pay ments.py", 3)
    assert KEY not in repr(finding)


def test_the_environment_file_is_where_secrets_belong(shell: CheckedHost, source: Path) -> None:
    (source / ".env").write_text(f"API_KEY={KEY}\n")

    assert scan(shell, "srv/shop").findings
    assert not scan(shell, "./srv/shop", exclude=["srv/shop/.env"]).findings


def test_git_objects_and_links_to_elsewhere_are_not_deployed_source(shell: CheckedHost, source: Path) -> None:
    (source / ".git").mkdir()
    (source / ".git" / "config").write_text(f"API_KEY={KEY}\n")
    (source.parent / "elsewhere").write_text(f"API_KEY={KEY}\n")
    (source / "link").symlink_to(source.parent / "elsewhere")

    facts = scan(shell, "srv/shop")

    assert (facts.files, facts.findings) == (2, ())


def test_the_root_itself_may_be_a_link_to_the_current_release(shell: CheckedHost, source: Path) -> None:
    (source / "leak.py").write_text(f"API_KEY = '{KEY}'\n")
    (source.parent / "current").symlink_to(source)

    facts = scan(shell, "srv/current")

    assert (facts.files, len(facts.findings)) == (3, 1)


def test_a_missing_folder_is_no_clean_folder(shell: CheckedHost) -> None:
    with pytest.raises(NotVerifiedError, match="exit status 1"):
        scan(shell, "srv/nothing")


def test_an_empty_folder_is_no_clean_folder(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(NotVerifiedError, match="no file to scan"):
        scan(shell, "empty")


def test_a_file_that_cannot_be_read_spoils_the_answer(shell: CheckedHost, source: Path) -> None:
    (source / "hidden.py").write_text("x = 1\n")
    (source / "hidden.py").chmod(0)
    if os.geteuid() == 0:  # root reads everything: a file that vanishes while grep runs ends the same way
        (source / "hidden.py").unlink()
        (source / "grep").write_text("#!/bin/sh\necho 'grep: hidden.py: Permission denied' >&2; exit 2\n")
        (source / "grep").chmod(0o755)
        run = shell.backend.run
        shell.backend.run = lambda text, *args, **kw: run(f"PATH={source}:$PATH; {text}", *args, **kw)

    with pytest.raises(NotVerifiedError, match="Permission denied"):
        scan(shell, "srv/shop")


def test_permissions_are_those_of_the_file_behind_a_link(shell: CheckedHost, source: Path) -> None:
    (source / ".env").write_text("A=1\n")
    (source / ".env").chmod(0o640)
    (source / "env").symlink_to(".env")

    assert file_mode(shell, "srv/shop/env").mode == 0o640
    with pytest.raises(NotVerifiedError):
        file_mode(shell, "srv/shop/absent")
