"""One server as testinfra's own ssh backend sees it and as ours does, and things on it to ask about."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import testinfra

from signoff.errors import NotVerifiedError
from signoff.transport import HostPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """Things on the server to ask about."""

    folder: Path
    port: int
    process: int
    """Number of a `sleep`, which no other test has."""
    parent: int

    def __truediv__(self, name: str) -> str:
        """Return the path of one of them."""
        return str(self.folder / name)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, ssh_server: Any) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("sample", numbered=True)
    (folder / "text").write_text("first line\ncafé 서울\n")
    (folder / "text").chmod(0o640)
    (folder / "bytes").write_bytes(bytes(range(1, 256)))
    (folder / "empty").touch()
    (folder / "a name with 'quotes' and $HOME").write_text("odd")
    (folder / "program").write_text("#!/bin/sh\nexit 3\n")
    (folder / "program").chmod(0o4755)
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("text")
    (folder / "dangling").symlink_to("nothing")
    os.mkfifo(folder / "pipe")
    os.utime(folder / "text", (1_600_000_000, 1_600_000_000))
    # A socket's path must be short, and pytest's folders are not.
    listener = socket.socket(socket.AF_UNIX)
    here = os.open(folder, os.O_PATH)
    listener.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)
    listener.listen()
    with listener, subprocess.Popen(["sleep", "86400"]) as sleeping:
        try:
            yield Sample(folder, ssh_server.port, sleeping.pid, os.getpid())
        finally:
            sleeping.kill()


@dataclass(frozen=True)
class Pair:
    """The same server through testinfra's own backend and through ours."""

    theirs: Any
    ours: Any


@contextmanager
def _pair(server: Any, folder: Path) -> Iterator[Pair]:
    # One shared connection for testinfra too, or its side would take minutes; a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="ti-", dir="/tmp") as sockets:
        config = folder / "config"
        config.write_text(
            f"Host web1\nHostName 127.0.0.1\nPort {server.port}\nUser {server.user}\n"
            f"IdentityFile {server.folder / 'id'}\nUserKnownHostsFile {server.folder / 'known_hosts'}\n"
            f"ControlPath {sockets}/c\n"
        )
        theirs = testinfra.get_host("ssh://web1", ssh_config=str(config))
        try:
            assert theirs.run("true").rc == 0
            # testinfra waits for ever; we wait long: a resolver that nobody answers may take its time.
            with HostPool({"web1": server.address}, limit=120, connect_timeout=30) as pool:
                yield Pair(theirs, pool.connect("web1"))
        finally:
            subprocess.run(["ssh", "-F", str(config), "-O", "exit", "web1"], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def pair(ssh_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with _pair(ssh_server, tmp_path_factory.mktemp("pair")) as pair:
        yield pair


@pytest.fixture(scope="module")
def broken_pair(ssh_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Start a server on which tools are there and cannot look."""
    folder = tmp_path_factory.mktemp("broken")
    for tool, (status, words) in _BROKEN.items():
        (folder / tool).write_text(f"#!/bin/sh\necho {shlex.quote(words)} >&2\nexit {status}\n")
        (folder / tool).chmod(0o755)
    server = type(ssh_server)(folder, options=(f"SetEnv PATH={folder}:/usr/bin:/bin:/usr/sbin:/sbin",))
    server.start()
    try:
        with _pair(server, folder) as pair:
            yield pair
    finally:
        server.stop()


_BROKEN = {
    "ss": (1, "Cannot open netlink socket: Operation not permitted"),
    "dpkg-query": (1, "dpkg-query: error: failed to open package info file '/var/lib/dpkg/status': Permission denied"),
    "systemctl": (1, "System has not been booted with systemd as init system (PID 1). Can't operate."),
}


def ran(result: Any) -> tuple[int, str, str]:
    """Return what a command did, in a form that can be compared."""
    return result.rc, result.stdout, result.stderr


def processes(found: Any) -> list[tuple[Any, ...]]:
    return sorted((each.pid, each.ppid, each.user, each.comm, each.args) for each in found)


def mounts(found: Any) -> list[tuple[Any, ...]]:
    return [(each.path, each.device, each.filesystem, each.options) for each in found]


_NO_ANSWER = (AssertionError, RuntimeError, NotVerifiedError)


"""How testinfra and we say that a question has no answer; theirs is an assertion, which reads as a failed check."""


def outcome(question: str, host: Any, sample: Sample) -> tuple[str, Any]:
    """Return the answer, or the class of failure."""
    names = {"host": host, "at": sample, "ran": ran, "processes": processes, "mounts": mounts}
    try:
        return "answer", eval(question, names)
    except (*_NO_ANSWER, KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, _NO_ANSWER) and not isinstance(error, NotImplementedError):
            return "no answer", ""
        return "error", type(error).__name__


def both(question: str, pair: Pair, sample: Sample) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Return testinfra's answer and ours, of a moment at which they can be the same.

    Accounts, mounts and network interfaces come and go with other tests of this machine: where ours is another answer,
    testinfra is asked again, and only if it still says the same is the difference one between us.
    """
    deadline = time.monotonic() + 60
    while True:
        theirs = outcome(question, pair.theirs, sample)
        ours = outcome(question, pair.ours, sample)
        if ours == theirs or outcome(question, pair.theirs, sample) == theirs or time.monotonic() > deadline:
            return theirs, ours
