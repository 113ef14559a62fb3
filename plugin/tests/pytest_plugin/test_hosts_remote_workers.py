"""Workers on other machines (`--tx ssh=…`): one in a network of its own reaches hosts that the controller cannot."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.transport import sshd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_kernel(host):
    assert host.check_output("uname -s") == "Linux"

@pytest.mark.checklist(id="INF-SRV-1")
def test_file(host):
    assert host.file("/etc/passwd").exists
"""


@dataclass(frozen=True)
class Zone:
    """A network namespace with an SSH server that listens on its link to us, and on its own loopback."""

    server: Any
    address: str

    @property
    def way_in(self) -> str:
        """What follows `ssh` to start a worker there."""
        folder, port = self.server.folder, self.server.port
        return (
            f"-F none -i {folder / 'id'} -p {port} -o UserKnownHostsFile={folder / 'known_hosts'} root@{self.address}"
        )


def _missing() -> str:
    if os.getuid() != 0:
        return "needs root: makes a network namespace"
    if any(shutil.which(program) is None for program in ("ip", "ssh")) or not Path("/usr/sbin/sshd").exists():
        return "needs ip, ssh and sshd; install iproute2, openssh-client and openssh-server"
    name = f"so-probe-{secrets.token_hex(3)}"
    probe = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


def _serve(server: Any, name: str, inner: str) -> subprocess.Popen[bytes]:
    server._write_keys()
    public = (server.folder / "host_key.pub").read_text()
    (server.folder / "known_hosts").write_text(
        "".join(f"[{address}]:{server.port} {public}" for address in ("127.0.0.1", inner))
    )
    settings = [
        f"Port {server.port}",
        f"ListenAddress {inner}",
        "ListenAddress 127.0.0.1",
        f"HostKey {server.folder / 'host_key'}",
        f"AuthorizedKeysFile {server.folder / 'authorized_keys'}",
        "PidFile none",
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "LogLevel VERBOSE",
    ]
    (server.folder / "sshd_config").write_text("\n".join(settings) + "\n")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (server.folder / "log").open("ab") as log:
        argv = ["ip", "netns", "exec", name, "/usr/sbin/sshd", "-D", "-e", "-f", str(server.folder / "sshd_config")]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((inner, server.port), timeout=2):
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(server.log())


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    """One zone with its server."""
    if reason := _missing():
        pytest.skip(reason)
    suffix = secrets.token_hex(3)
    name, ours, theirs = f"so-{suffix}", f"soa{suffix}", f"sob{suffix}"
    network = f"10.231.{secrets.randbelow(256)}.{4 * secrets.randbelow(64)}"
    outer, inner = (str(ip_address(network) + number) for number in (1, 2))

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    server = sshd.SSHServer(tmp_path)
    process = None
    ip("netns", "add", name)
    try:
        ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        ip("addr", "add", f"{outer}/30", "dev", ours)
        ip("link", "set", ours, "up")
        ip("-n", name, "addr", "add", f"{inner}/30", "dev", theirs)
        ip("-n", name, "link", "set", theirs, "up")
        ip("-n", name, "link", "set", "lo", "up")
        server.process = process = _serve(server, name, inner)
        yield Zone(server, inner)
    finally:
        if process is not None:
            server.stop()
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def test_a_worker_in_another_network_asks_the_hosts_there(write_suite: Callable[..., Any], zone: Zone) -> None:
    server = zone.server
    hosts = {
        "inner": {
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(server.folder / "id"),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={server.folder / 'known_hosts'}",
        }
    }
    items = {"INF-SRV-1": {"checks": ["kernel", "file"], "targets": "hosts"}}
    suite = write_suite(items, TESTS, hosts=json.dumps({"all": {"hosts": hosts}}))

    outside = suite.run("--signoff-lang=en")
    assert set(outside.states.values()) == {"ERROR"}, outside.output
    before = server.connections

    worker = f"ssh={zone.way_in}//python={sys.executable}//chdir={suite.folder}"
    inside = suite.run("--signoff-lang=en", "--dist=load", f"--tx={worker}", f"--tx={worker}")

    assert set(inside.states.values()) == {"PASS"}, inside.output
    assert "1 host asked over " in inside.output
    asked = server.connections - before - 2  # two of them carry the workers
    assert 1 <= asked <= 2
    assert not (suite.folder / "_pytest").exists(), "a worker uses its own machine's pytest"
