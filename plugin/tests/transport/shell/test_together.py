"""Questions that one process answers for many: each answer is that of the question by itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from signoff.transport.channel import Command
from signoff.transport.openssh import openssh_channel
from tests.transport.shell.conftest import compare, program

if TYPE_CHECKING:
    from pathlib import Path

FIXED = [
    *(
        f"stat -Lc {form} {path}"
        for form in ("%a", "%U", "%s")
        for path in ("/etc/os-release", "/bin", "/nope", "/etc")
    ),
    *(f"stat -c '%n %F|%h' {path}" for path in ("/etc/os-release", "/bin", "/dev/null")),
    *(f"ls -d -- {path}" for path in ("/etc", "/nope", "/nope/too", "/bin")),
    *(f"realpath {path}" for path in ("/bin/sh", "/etc/os-release", "/nope/x")),
    *(f"readlink -f {path}" for path in ("/bin/sh", "/proc/self/fd/9999/x")),
    *(f"sha256sum {path}" for path in ("/etc/os-release", "/etc", "/etc/debian_version")),
    "md5sum /etc/os-release | cut -d' ' -f1",
    "md5sum /etc/debian_version | cut -d' ' -f1",
    *(f"id{form} {name}" for form in ("", " -u", " -g", " -nG") for name in ("root", "nobody", "surely-no-user")),
    *(f"getent passwd {name}" for name in ("root", "nobody")),
    *(f"getent group {name}{cut}" for name in ("root", "0") for cut in ("", " | cut -d':' -f3")),
    "getent group surely-no-group",
    "getent group surely-no-group | cut -d':' -f3",
    *(f"sysctl -n {name}" for name in ("kernel.ostype", "kernel.pid_max", "net.ipv4.ip_forward")),
    *(f"uname -{letter}" for letter in "rmsn"),
    *(f"test -{letter} {path}" for letter in "edL" for path in ("/bin", "/etc/os-release", "/nope")),
    "command -v sh",
    "command -v surely-no-tool",
    "ps -p 1 -o comm",
]
PACKAGES = [
    f"dpkg-query -f '{form}' -W {name}" for form in ("${Status}", "${Version}\\n") for name in ("dpkg", "no-x", "no-y")
]


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "ksh", "mksh", "zsh"])
def test_every_shell_answers_as_by_itself(with_tools: Any, shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} on this machine; install it")
    (tmp_path / "sh").symlink_to(found)
    assert compare(with_tools(str(tmp_path / "sh")), FIXED) >= len(FIXED) - 1


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no dpkg on this machine; any Debian has it")
def test_packages_are_asked_about_once_those_that_are_not_there_too(with_tools: Any, tmp_path: Path) -> None:
    real = shutil.which("dpkg-query")
    program(tmp_path / "dpkg-query", f'echo once >> {tmp_path}/calls; exec {real} "$@"')
    answers = [future.result(60) for future in with_tools().submit_batch(PACKAGES, 30)]
    assert (tmp_path / "calls").read_text() == "once\n"
    (tmp_path / "dpkg-query").unlink()
    assert answers == [with_tools().submit(Command(text=text)).result(60) for text in PACKAGES]


def test_busybox_as_every_tool_answers_as_by_itself(with_tools: Any, tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox on this machine; install it")
    for name in (
        "stat",
        "ls",
        "realpath",
        "readlink",
        "sha256sum",
        "md5sum",
        "id",
        "uname",
        "cut",
        "sysctl",
        "timeout",
    ):
        (tmp_path / name).symlink_to(busybox)
    (tmp_path / "sh").symlink_to(busybox)
    assert compare(with_tools(str(tmp_path / "sh")), FIXED) >= len(FIXED) - 1


@pytest.mark.parametrize("shell", ["zsh", "fish", "ksh", "dash", "bash"])
def test_over_ssh_and_every_login_shell(make_account: Any, ssh_server: Any, shell: str) -> None:
    found = shutil.which(shell)
    if found is None or shutil.which("ssh") is None:
        pytest.skip(f"no {shell} or no OpenSSH client on this machine; install {shell} and openssh-client")
    channel = openssh_channel(ssh_server.address_of(make_account(found)))
    try:
        assert compare(channel, FIXED) >= len(FIXED) - 1
    finally:
        channel.close()
