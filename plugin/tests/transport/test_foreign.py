"""Other connections of testinfra: the same answers and limits through programs, a bounded process for libraries."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import testinfra.backend

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport import HostAddress, HostPool
from signoff.transport import library as library_module
from signoff.transport.channel import Command
from signoff.transport.foreign import _ProgramRunner, foreign_channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTAINER_CLIENTS = {
    "docker://web": ("docker", "exec web"),
    "docker://app@web": ("docker", "exec -u app web"),
    "podman://web": ("podman", "exec web"),
    "kubectl://web?namespace=shop&container=app": ("kubectl", "-n shop -c app exec web --"),
    "lxc://web": ("lxc", "exec web --mode=non-interactive --"),
}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a program on the PATH."""

    def write(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return write


@pytest.mark.parametrize("url", CONTAINER_CLIENTS)
def test_containers_give_the_same_exact_answers(program: Any, url: str) -> None:
    """The clients stand in for real ones: they check their arguments, and run the command here."""
    name, arguments = CONTAINER_CLIENTS[url]
    count = len(arguments.split())
    program(
        name,
        f'#!/bin/sh\ngot=; n=0\nwhile [ $n -lt {count} ]; do got="$got $1"; shift; n=$((n + 1)); done\n'
        f'[ "$got" = " {arguments}" ] || {{ echo "wrong: $got" >&2; exit 90; }}\nexec "$@"\n',
    )
    with HostPool({"web1": HostAddress(name="web1", testinfra_url=url)}) as pool:
        host = pool.connect("web1")
        result = host.run("printf 'out\\n\\n'; printf '\\0'; printf err >&2; exit 255")
        assert (result.rc, result.stdout_bytes, result.stderr) == (255, b"out\n\n\0", "err")
        assert "ps -eww" in host.run("ps -eww -o args").stdout
        with pytest.raises(TimedOutError):
            host.run("sleep 60", limit=0.5)
        channel = foreign_channel(HostAddress(name="web1", testinfra_url=url))
        answers = channel.submit_batch(["echo a", "exit 3"], 30)
        assert [answer.result(30).status for answer in answers] == [0, 3]
        channel.close()


def test_a_container_that_is_gone_is_unreachable(program: Any) -> None:
    program("docker", "#!/bin/sh\necho 'Error: No such container: web' >&2\nexit 1\n")
    channel = foreign_channel(HostAddress(name="web1", testinfra_url="docker://web"))
    with pytest.raises(UnreachableError, match="No such container"):
        channel.open().result(30)
    with pytest.raises(UnreachableError, match="No such container"):
        channel.submit(Command(text="true")).result(30)
    channel.close()


def test_a_client_that_hangs_is_ended(program: Any) -> None:
    program("docker", "#!/bin/sh\nsleep 600\n")
    runner = _ProgramRunner("web1", testinfra.backend.get_backend("docker://web"))
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="web1"):
        runner.run(b"true", 0.5)
    assert time.monotonic() - started < 30


def test_a_chroot_is_a_host(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if os.getuid() != 0 or busybox is None:
        pytest.skip("chroot needs root, and busybox to put inside; install busybox-static or busybox")
    libraries = subprocess.run(["ldd", busybox], check=False, capture_output=True, text=True).stdout
    for path in {word for word in libraries.split() if word.startswith("/")}:
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / path[1:])
    (tmp_path / "bin").mkdir(exist_ok=True)
    shutil.copy(busybox, tmp_path / "bin" / "busybox")
    for tool in ("sh", "head", "grep", "sleep", "timeout", "ls"):
        (tmp_path / "bin" / tool).symlink_to("busybox")
    (tmp_path / "dev").mkdir()
    os.mknod(tmp_path / "dev" / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    (tmp_path / "here").write_text("inside")
    with HostPool({"jail": HostAddress(name="jail", testinfra_url=f"chroot://{tmp_path}")}) as pool:
        assert "here" in pool.connect("jail").check_output("PATH=/bin ls /")


@pytest.mark.parametrize("url", ["ssh://a", "docker://a?sudo=true", "ansible://a", "nonsense://a"])
def test_what_would_get_around_our_promises_is_refused(url: str) -> None:
    with pytest.raises(NotVerifiedError, match=r"signoff\.testinfra_url"):
        foreign_channel(HostAddress(name="a", testinfra_url=url))


ANSIBLE = f"""#!{sys.executable}
import json, subprocess, sys
words = sys.argv[1:]
assert words[-1] == "web1", words
text = words[words.index("--args") + 1]
assert words[words.index("-m") + 1] == "shell"
done = subprocess.run(text, shell=True, capture_output=True, text=True)
answer = {{"rc": done.returncode, "stdout": done.stdout.rstrip(), "stderr": done.stderr.rstrip()}}
with open(words[words.index("--tree") + 1] + "/web1", "w") as file:
    json.dump(answer, file)
sys.exit(2 if done.returncode else 0)
"""


def test_ansible_answers_under_a_total_limit(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program stands in for Ansible's; testinfra's own backend speaks to it."""
    program("ansible", ANSIBLE)
    address = HostAddress(name="web1", testinfra_url="ansible://web1?force_ansible=true")
    with HostPool({"web1": address}) as pool:
        host = pool.connect("web1")
        result = host.run("echo out; echo err >&2; exit 7")
        assert (result.rc, result.stdout, result.stderr) == (7, "out", "err")
        assert [each.result(60).status for each in host.backend.channel.submit_batch(["exit 4"], 30)] == [4]
        with pytest.raises(NotVerifiedError, match="bytes of output"):
            host.run("head -c 2000 /dev/zero | tr '\\0' x", max_output=1000)
        monkeypatch.setattr(library_module, "_START", 0.5)
        started = time.monotonic()
        with pytest.raises(TimedOutError, match="web1"):
            host.run("sleep 60", limit=1)
        assert time.monotonic() - started < 30


@pytest.mark.parametrize(("url", "package"), [("winrm://user:secret@win1", "pywinrm"), ("salt://web1", "salt")])
def test_a_library_that_is_not_installed_is_named(url: str, package: str) -> None:
    channel = foreign_channel(HostAddress(name="win1", testinfra_url=url))
    with pytest.raises(NotVerifiedError, match=f"install (the )?{package}") as caught:
        channel.open().result(30)
    assert "secret" not in str(caught.value)
    channel.close()


def test_what_a_library_says_of_the_way_in_is_typed(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "winrm").mkdir()
    (tmp_path / "winrm" / "__init__.py").write_text("")
    (tmp_path / "winrm" / "protocol.py").write_text(
        """
class InvalidCredentialsError(Exception):
    pass
class Protocol:
    def __init__(self, **settings):
        self.settings = settings
    def open_shell(self):
        if self.settings["password"] == "wrong":
            raise InvalidCredentialsError("the specified credentials were rejected by the server")
        if self.settings["password"] == "away":
            raise ConnectionError("no route")
    def run_command(self, shell, command):
        self.command = command
    def get_command_output(self, shell, command):
        return b"Windows", b"", 3
    cleanup_command = close_shell = lambda *_: None
"""
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def channel(password: str) -> Any:
        return foreign_channel(HostAddress(name="win1", testinfra_url=f"winrm://user:{password}@win1"))

    with pytest.raises(AuthenticationError, match="rejected"):
        channel("wrong").open().result(30)
    with pytest.raises(UnreachableError, match="no route"):
        channel("away").open().result(30)
    completed = channel("right").submit(Command(text="ver")).result(30)
    assert (completed.status, completed.stdout) == (3, b"Windows")
