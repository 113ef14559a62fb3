"""Hosts to measure against: each its own network, process, mount and name space, with a real sshd and nginx in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sandbox import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_SSHD = """
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/id.pub
StrictModes no
PermitRootLogin prohibit-password
UsePAM yes
PrintMotd no
PidFile none
MaxStartups 200
Subsystem sftp internal-sftp
"""
_NGINX = "pid /run/nginx.pid;\nevents {}\nhttp { access_log off; error_log /dev/null; server { listen 80; } }\n"
# The host's first process becomes sshd itself: it inherits and reaps whatever the host runs, so its CPU time is the
# host's. The first line from standard input says that the network device has arrived.
_INIT = """
hostname {name}
for folder in /run /tmp /var/tmp /root; do mount -t tmpfs tmpfs $folder; done
mkdir -p /run/sshd /root/.ssh && chmod 1777 /tmp /var/tmp
echo ready; read go
ip link set lo up; ip addr add {address}/16 dev eth0; ip link set eth0 up
nginx -c {folder}/nginx.conf
exec /usr/sbin/sshd -D -f {folder}/sshd_config
"""
_CLIENT = """
Host h*
    User root
    IdentityFile {folder}/id
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    StrictHostKeyChecking yes
"""
_TICKS = os.sysconf("SC_CLK_TCK")


class Farm:
    """A number of hosts behind one link with an added round trip; only usable inside the sandbox.

    Args:
        hosts: How many; they are named h001, h002, … and resolve by the SSH configuration alone.
        round_trip: Added milliseconds; 0 is a plain virtual cable.
        silent: Further names whose packets vanish, as behind a firewall that drops.
        refused: Further names on whose addresses nobody listens.
    """

    def __init__(self, hosts: int, round_trip: float = 0, silent: int = 0, refused: int = 0) -> None:
        count = hosts + silent + refused
        self.names = [f"h{number:03}" for number in range(1, count + 1)]
        self.addresses = {name: f"10.77.{1 + n // 250}.{1 + n % 250}" for n, name in enumerate(self.names)}
        self.live = self.names[:hosts]
        self._silent = self.names[hosts : hosts + silent]
        self._refused = self.names[hosts + silent :]
        self.round_trip = round_trip
        self.folder = FOLDER / "farm"
        self.ssh_config = self.folder / "ssh_config"
        self._hosts: dict[str, subprocess.Popen[str]] = {}
        self._delay: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start everything and wait until every sshd listens."""
        self.folder.mkdir(exist_ok=True)
        write_keys(self.folder, self.addresses)
        (self.folder / "sshd_config").write_text(server_config(self.folder))
        (self.folder / "nginx.conf").write_text(_NGINX)
        self.ssh_config.write_text(client_config(self.folder, self.addresses))
        self._cable()
        for name in self.live:
            script = _INIT.format(name=name, address=self.addresses[name], folder=self.folder)
            line = ["unshare", "--net", "--pid", "--mount", "--uts", "--fork", "--kill-child", "--mount-proc"]
            self._hosts[name] = subprocess.Popen(
                [*line, "/bin/sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        for name, process in self._hosts.items():
            _wait_for_ready(process)
            _ip(f"link add {name} type veth peer name eth0 netns {process.pid}", f"link set {name} master br0 up")
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for name in self.live:
            self._wait_until_listening(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the hosts and remove their devices."""
        for process in self._hosts.values():
            process.kill()
        for process in self._hosts.values():
            process.communicate()
        if self._delay:
            self._delay.communicate()
        for name in self._refused:
            _ip(f"addr delete {self.addresses[name]}/32 dev lo")
        for device in ("client0", "br0"):
            subprocess.run(["ip", "link", "delete", device], check=False, stderr=subprocess.DEVNULL)

    def inside(self, name: str, command: str) -> None:
        """Run a command as root of the host, not through SSH."""
        init = self._first_process(name)
        subprocess.run(["nsenter", "-a", "-t", str(init), "/bin/sh", "-c", command], check=True)

    def spoil(self, name: str) -> None:
        """Break what five of the assertions look at: the web server is stopped, and a reboot is due."""
        self.inside(name, "nginx -c /mnt/farm/nginx.conf -s stop; touch /run/reboot-required; sleep 0.5")

    def cpu_seconds(self) -> float:
        """Return the CPU time that all hosts have used; that of running sessions counts when they end."""
        stats = (Path(f"/proc/{self._first_process(name)}/stat").read_text() for name in self.live)
        return sum(sum(map(int, stat.rpartition(")")[2].split()[11:15])) for stat in stats) / _TICKS

    def _first_process(self, name: str) -> int:
        parent = self._hosts[name].pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])

    def _cable(self) -> None:
        """Connect `client0`, our side, with the bridge that the hosts hang on."""
        _ip("link add br0 type bridge", "link set br0 up")
        if self.round_trip:
            line = [sys.executable, str(Path(__file__).with_name("delay.py")), "client0", "farm0"]
            self._delay = subprocess.Popen(
                [*line, str(self.round_trip)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            _wait_for_ready(self._delay)
        else:
            _ip("link add client0 type veth peer name farm0")
        _ip("link set farm0 master br0 up", "link set client0 up", "addr add 10.77.0.1/16 dev client0")
        # Entries of their own keep the kernel from asking who has an address: each silent one would answer "nobody".
        for number, name in enumerate(self._silent):
            _ip(f"neigh replace {self.addresses[name]} lladdr 02:00:00:00:ff:{number:02x} dev client0 nud permanent")
        for name in self._refused:
            _ip(f"addr add {self.addresses[name]}/32 dev lo")

    def _wait_until_listening(self, name: str) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection((self.addresses[name], 22), timeout=5) as connection:
                    if connection.recv(4) == b"SSH-":
                        return
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)


def write_keys(folder: Path, addresses: Mapping[str, str]) -> None:
    """Write one key for all hosts, one for the client, and the file of known hosts."""
    for key in ("host_key", "id"):
        if not (folder / key).exists():
            line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "farm", "-f", str(folder / key)]
            subprocess.run(line, check=True)
    public = (folder / "host_key.pub").read_text().rpartition(" ")[0]
    known = "".join(f"{name},{address} {public}\n" for name, address in addresses.items())
    (folder / "known_hosts").write_text(known)


def server_config(folder: Path) -> str:
    """Return what every sshd of the farm reads: Debian's own, with our keys."""
    return _SSHD.format(folder=folder)


def client_config(folder: Path, addresses: Mapping[str, str]) -> str:
    """Return the SSH client's configuration that every contender uses."""
    each = "".join(f"Host {name}\n    HostName {address}\n" for name, address in addresses.items())
    return each + _CLIENT.format(folder=folder)


def _ip(*commands: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def _wait_for_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"did not start: {process.args}")
