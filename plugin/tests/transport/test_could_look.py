"""What an account without rights cannot see is never a plain no: testinfra's modules over a real connection."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.transport import HostPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.transport.host import CheckedHost


@pytest.fixture
def account(make_account: Any) -> Any:
    return make_account()


@pytest.fixture
def web(account: Any, make_sshd: Any) -> Iterator[CheckedHost]:
    """Connect as an account without rights, whose own ~/bin comes first on its PATH."""
    (account.home / "bin").mkdir()
    server = make_sshd("PermitUserEnvironment PATH")
    address = server.address_of(account)
    (account.home / ".ssh" / "environment").write_text(f"PATH={account.home / 'bin'}:/usr/bin:/bin\n")
    with HostPool({"web1": address}) as pool:
        yield pool.connect("web1")


@pytest.fixture
def tool(account: Any) -> Any:
    """Put a tool on the account's PATH before all others."""

    def write(name: str, text: str, mode: int = 0o755) -> str:
        path: Path = account.home / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return str(path)

    return write


@pytest.fixture
def closed(account: Any) -> Path:
    folder: Path = account.home / "closed"
    folder.mkdir(mode=0o700)
    (folder / "inside").write_text("x")
    shutil.chown(folder, "root")
    return folder


@pytest.mark.parametrize(
    "question",
    [
        "exists",
        "is_file",
        "is_directory",
        "is_symlink",
        "mode",
        "size",
        "user",
        "content",
        "sha256sum",
        "md5sum",
        "mtime",
    ],
)
def test_a_file_behind_a_closed_door(web: CheckedHost, closed: Path, question: str) -> None:
    with pytest.raises(NotVerifiedError, match=r"web1: .*(Permission denied|status)"):
        getattr(web.file(str(closed / "inside")), question)


def test_a_file_that_is_not_there_is_an_answer(web: CheckedHost, account: Any) -> None:
    assert web.file(str(account.home / "a file  with spaces")).exists is False
    (account.home / "a file  with spaces").write_text("x")
    assert web.file(str(account.home / "a file  with spaces")).exists is True


def test_contents_that_may_not_be_read(web: CheckedHost) -> None:
    with pytest.raises(NotVerifiedError, match="sudo -n"):
        _ = web.file("/etc/shadow").content_string
    with pytest.raises(NotVerifiedError):
        web.file("/etc/shadow").contains("root")
    with pytest.raises(NotVerifiedError):
        _ = web.file("/etc/shadow").sha256sum
    assert web.file("/etc/shadow").mode == Path("/etc/shadow").stat().st_mode & 0o7777


@pytest.mark.parametrize("failure", ["exit 1", "echo 'Cannot open netlink socket: Permission denied' >&2; exit 255"])
def test_listening_ports_when_ss_fails(web: CheckedHost, tool: Any, failure: str) -> None:
    tool("ss", failure)
    with pytest.raises(NotVerifiedError, match="ss"):
        _ = web.socket("tcp://0.0.0.0:22").is_listening


def test_packages_when_the_database_is_broken(web: CheckedHost, tool: Any) -> None:
    if shutil.which("dpkg-query") is None:
        pytest.skip("no dpkg on this machine")
    assert web.package("surely-no-such-package").is_installed is False
    assert web.package("dpkg").is_installed is True
    tool("dpkg-query", "echo \"dpkg-query: error: parsing file '/var/lib/dpkg/status' near line 1\" >&2; exit 2")
    with pytest.raises(NotVerifiedError, match="parsing file"):
        _ = web.package("dpkg").is_installed
    tool("dpkg-query", 'echo "dpkg-query: error: failed to open package info file: Permission denied" >&2; exit 1')
    with pytest.raises(NotVerifiedError, match="sudo -n"):
        _ = web.package("dpkg").is_installed


def test_services_where_nothing_manages_services(web: CheckedHost, tool: Any) -> None:
    if Path("/run/systemd/system").is_dir():
        tool("systemctl", "echo offline; exit 1")
    else:
        tool("cat", "echo sshd")
    with pytest.raises(NotVerifiedError, match=r"no service manager answers there \((offline|process 1 is 'sshd')\)"):
        web.service("ssh")


def test_firewall_rules_without_the_right_to_see_them(web: CheckedHost, tool: Any) -> None:
    tool("iptables", "echo 'iptables v1.8.9: Permission denied (you must be root)' >&2; exit 4")
    with pytest.raises(NotVerifiedError, match="give the account the right to look, or list the command"):
        web.iptables.rules()
    tool("iptables", "", mode=0o644)
    with pytest.raises(NotVerifiedError, match="iptables"):
        web.iptables.rules()


def test_a_tool_that_is_missing_or_may_not_be_executed(web: CheckedHost, tool: Any) -> None:
    with pytest.raises(NotVerifiedError, match=r"is not installed.*install surely-no-such-tool"):
        web.check_output("surely-no-such-tool --version")
    half_installed = tool("half-installed", "echo x", mode=0o644)
    with pytest.raises(NotVerifiedError, match="may not be executed"):
        web.check_output(half_installed)
    assert web.run("surely-no-such-tool").rc == 127
    assert web.run(half_installed).rc == 126
    with pytest.raises(NotVerifiedError, match="install it"):
        web.find_command("surely-no-such-tool")
    assert web.exists("surely-no-such-tool") is False
