"""Connections that a host can and cannot open, with each of the tools that it may have."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.reachability import reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def refusing() -> Iterator[int]:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture(params=["bash", "python3"])
def shell_with(request: pytest.FixtureRequest, shell: Any, tmp_path: Path) -> Any:
    """Return a host whose PATH holds one tool to connect with."""
    return _only(shell, tmp_path, request.param, "timeout")


def _only(shell: Any, folder: Path, *tools: str) -> Any:
    (folder / "bin").mkdir()
    for tool in tools:
        found = shutil.which(tool, path=os.defpath + ":/usr/local/bin") or shutil.which(tool)
        assert found
        (folder / "bin" / tool).symlink_to(os.path.realpath(found))
    run = shell.backend.run
    shell.backend.run = lambda text, *args, **kw: run(f"PATH={folder}/bin; {text}", *args, **kw)
    return shell


def test_a_listening_port_answers(shell_with: Any, listening: int) -> None:
    facts = reach(shell_with, "app1", "127.0.0.1", listening, limit=30)

    assert facts.answers
    assert str(facts) == f"app1 -> 127.0.0.1:{listening}"


def test_a_closed_port_is_a_finding_with_its_reason(shell_with: Any, refusing: int) -> None:
    facts = reach(shell_with, "app1", "127.0.0.1", refusing, limit=30)

    assert not facts.answers
    assert "refused" in facts.reason.lower()


def test_an_unknown_name_is_a_finding_too(shell_with: Any) -> None:
    facts = reach(shell_with, "app1", "no-such-host.invalid", 80)

    assert not facts.answers
    assert facts.reason


def test_a_host_with_nothing_to_connect_with_cannot_tell(shell: Any, tmp_path: Path, listening: int) -> None:
    with pytest.raises(NotVerifiedError, match="install one"):
        reach(_only(shell, tmp_path), "app1", "127.0.0.1", listening)
