"""A real OpenSSH server on a free loopback port, run as the current user, and ways to spoil it."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from signoff.transport import HostAddress
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BINARY = shutil.which("sshd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def new_key(path: Path) -> str:
    """Write a new key pair and return its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


@dataclass
class SSHServer:
    """One sshd: its folder holds its keys, the client's, and files of known hosts: right, wrong and empty."""

    folder: Path
    user: str = field(default_factory=getpass.getuser)
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Write keys and configuration, start, and wait until it listens."""
        if not (self.folder / "host_key").exists():
            self._write_keys()
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        settings = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.folder / 'host_key'}",
            f"AuthorizedKeysFile {self.folder / 'authorized_keys'} .ssh/authorized_keys",
            "PidFile none",
            "UsePAM no",
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "PrintMotd no",
            "LogLevel VERBOSE",
            *self.options,
        ]
        (self.folder / "sshd_config").write_text("\n".join(settings) + "\n")
        assert BINARY is not None
        with (self.folder / "log").open("ab") as log:
            argv = [BINARY, "-D", "-e", "-f", str(self.folder / "sshd_config")]
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return
            time.sleep(0.02)
        raise AssertionError(self.log())

    def _write_keys(self) -> None:
        public = new_key(self.folder / "host_key")
        wrong = new_key(self.folder / "other_host_key")
        (self.folder / "authorized_keys").write_text(new_key(self.folder / "id") + "\n")
        new_key(self.folder / "other_id")
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}\n")
        (self.folder / "wrong_hosts").write_text(f"[127.0.0.1]:{self.port} {wrong}\n")
        (self.folder / "no_hosts").write_text("")

    def log(self) -> str:
        """Return what the server said."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def connections(self) -> int:
        """How often somebody logged in."""
        return self.log().count("Accepted publickey")

    def sessions(self) -> Iterable[psutil.Process]:
        """Return the processes that serve connections, and what they started."""
        return psutil.Process(self.process.pid).children(recursive=True) if self.process else []

    def signal_sessions(self, number: signal.Signals) -> None:
        """Send a signal to every process that serves a connection, but not to what runs in it."""
        for process in self.sessions():
            with suppress(psutil.NoSuchProcess):
                if process.name().startswith("sshd"):
                    process.send_signal(number)

    def cut(self) -> None:
        """Cut all connections without a word."""
        self.signal_sessions(signal.SIGKILL)

    @contextmanager
    def cutting_when(self, begun: Path) -> Iterator[None]:
        """Cut all connections during the block, as soon as a command in it has made the file."""
        over = threading.Event()

        def watch() -> None:
            while not begun.exists():
                if over.wait(0.02):
                    return
            self.cut()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def stop(self) -> None:
        """End the server and its connections."""
        if self.process is None:
            return
        self.signal_sessions(signal.SIGCONT)
        self.cut()
        self.process.kill()
        self.process.wait(30)
        self.process = None

    @property
    def address(self) -> HostAddress:
        """How to get in, with the server's key known."""
        return HostAddress(
            name="web1",
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            identity_file=str(self.folder / "id"),
            ssh_args=f"-F none -o UserKnownHostsFile={self.folder / 'known_hosts'}",
        )

    def address_of(self, account: Account, name: str = "web1") -> HostAddress:
        """Return how to get in as another account."""
        keys = account.home / ".ssh" / "authorized_keys"
        if not keys.exists():
            keys.parent.mkdir(exist_ok=True)
            keys.write_text((self.folder / "authorized_keys").read_text())
            for path in (keys.parent, keys):
                shutil.chown(path, account.name)
        return replace(self.address, user=account.name, name=name)

    def with_args(self, **changes: str) -> HostAddress:
        """Return the address, changed."""
        return replace(self.address, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Account:
    """An account of this machine for the length of a test: no rights, no password but the one given."""

    name: str
    home: Path

    @classmethod
    def create(cls, shell: str = "/bin/sh", password: str = "") -> Account:
        """Create it; only root can."""
        name = f"so-{secrets.token_hex(4)}"
        home = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        subprocess.run(["useradd", "-M", "-d", str(home), "-s", shell, "-p", "*", name], check=True)
        if password:
            subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        shutil.chown(home, name)
        home.chmod(0o755)
        return cls(name, home)

    def remove(self) -> None:
        """Remove it, its processes and its files."""
        subprocess.run(["pkill", "-KILL", "-u", self.name], check=False)
        # Others who hold the lock of the accounts, or a process that is not gone yet, let it fail at first.
        deadline = time.monotonic() + 60
        while subprocess.run(["userdel", "-f", self.name], check=False, capture_output=True).returncode not in {0, 6}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)
