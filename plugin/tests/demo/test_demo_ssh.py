"""SSH as the transports use it: OpenSSH, alone and multiplexed, and paramiko."""

from __future__ import annotations

import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import paramiko
import pytest

from signoff.demo import sshd
from signoff.demo.layout import HOSTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.demo.layout import Layout

    Ssh = Callable[..., subprocess.CompletedProcess[bytes]]

pytestmark = pytest.mark.demo
BIG = 300_000


def options(demo: Layout, host: str, *extra: str, user: str = "") -> list[str]:
    return [
        "ssh",
        "-F",
        "none",
        "-T",
        *("-i", str(sshd.client_key(demo)), "-p", str(demo.port(f"ssh_{host}"))),
        *(f"-o{option}" for option in ("BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=30")),
        f"-oUserKnownHostsFile={sshd.known_hosts(demo)}",
        *extra,
        f"{user or sshd.user()}@127.0.0.1",
    ]


@pytest.fixture
def ssh(demo: Layout) -> Ssh:
    def run(
        command: str, *, host: str = "app1", stdin: bytes = b"", user: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        line = [*options(demo, host, user=user), command]
        return subprocess.run(line, input=stdin, capture_output=True, check=False, timeout=120)

    return run


def test_output_errors_and_status_arrive_apart(ssh: Ssh) -> None:
    result = ssh("echo out; echo err >&2; exit 7")
    assert (result.stdout, result.stderr, result.returncode) == (b"out\n", b"err\n", 7)


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_is_itself(demo: Layout, ssh: Ssh, host: str) -> None:
    assert ssh("hostname; pwd; echo $HOME", host=host).stdout.decode().split() == [
        host,
        str(demo.host(host)),
        str(demo.host(host)),
    ]


def test_no_output_is_lost(ssh: Ssh) -> None:
    """Thirty times, because losing the end was a matter of timing."""
    expected = "".join(f"{number}\n" for number in range(1, 20_001)).encode()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: ssh("seq 20000; exit 9"), range(30)))
    assert {result.returncode for result in results} == {9}
    assert all(result.stdout == expected for result in results)


def test_binary_output_is_unchanged(ssh: Ssh) -> None:
    result = ssh(f"head -c {BIG} /dev/urandom | tee bytes; head -c {BIG} bytes >&2; rm bytes")
    assert len(result.stdout) == BIG
    assert result.stdout == result.stderr


def test_standard_input_is_streamed(ssh: Ssh) -> None:
    data = bytes(range(256)) * 4_000
    assert ssh("sha256sum", stdin=data).stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_a_persistent_shell_answers_before_its_input_ends(demo: Layout) -> None:
    line = [*options(demo, "db1"), "exec /bin/sh -s"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        for number in range(3):
            shell.stdin.write(f"echo answer {number}\n".encode())
            shell.stdin.flush()
            assert shell.stdout.readline() == f"answer {number}\n".encode()
        shell.stdin.write(b"exit 5\n")
        shell.stdin.close()
        assert shell.wait(60) == 5


def test_one_connection_carries_many_sessions(demo: Layout, tmp_path_factory: pytest.TempPathFactory) -> None:
    control = f"-oControlPath={tmp_path_factory.mktemp('mux')}/s"
    master = options(demo, "app2", control)
    subprocess.run([*master[:-1], "-oControlMaster=yes", "-oControlPersist=60", "-N", "-f", master[-1]], check=True)
    try:
        with ThreadPoolExecutor(10) as pool:
            answers = list(
                pool.map(
                    lambda number: subprocess.check_output([*master, f"echo {number}; sleep 0.1"], timeout=120),
                    range(20),
                )
            )
    finally:
        subprocess.run([*master, "-O", "exit"], check=True, capture_output=True)
    assert answers == [f"{number}\n".encode() for number in range(20)]


def test_a_killed_command_is_told_from_a_lost_connection(ssh: Ssh) -> None:
    assert ssh("sh -c 'kill -9 $$'").returncode == 137


def test_a_background_child_keeps_the_session_open(ssh: Ssh) -> None:
    assert ssh("(sleep 0.5; echo late) & echo early").stdout == b"early\nlate\n"


def test_only_one_user_with_the_key_may_come_in(demo: Layout, ssh: Ssh, tmp_path: Path) -> None:
    assert b"Permission denied" in ssh("true", user="somebody").stderr
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    line = options(demo, "app1", "-oIdentitiesOnly=yes")
    line[line.index("-i") + 1] = str(tmp_path / "other")
    assert b"Permission denied" in subprocess.run([*line, "true"], capture_output=True, check=False, timeout=120).stderr


def test_a_host_that_is_down_drops_connections_and_only_its_own(demo: Layout, ssh: Ssh) -> None:
    sshd.refusal(demo, "app2").touch()
    try:
        assert ssh("true", host="app2").returncode == 255
        assert ssh("true", host="app1").returncode == 0
    finally:
        sshd.refusal(demo, "app2").unlink()
    assert ssh("true", host="app2").returncode == 0


def test_supervisorctl_on_a_host_shows_that_host(ssh: Ssh) -> None:
    names = {line.split()[0] for line in ssh("supervisorctl status").stdout.decode().splitlines()}
    assert names == {"shop-app1", "shop-app1-green"}
    assert ssh("supervisorctl status", host="backup1").returncode == 0


@pytest.fixture
def client(demo: Layout) -> Iterator[paramiko.SSHClient]:
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(sshd.known_hosts(demo)))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            "127.0.0.1",
            port=demo.port("ssh_cache1"),
            username=sshd.user(),
            key_filename=str(sshd.client_key(demo)),
            allow_agent=False,
            look_for_keys=False,
        )
        yield client


def test_paramiko_works_the_same(client: paramiko.SSHClient) -> None:
    for _ in range(5):
        _, out, err = client.exec_command(f"head -c {BIG} /dev/zero; echo err >&2; exit 3", timeout=120)
        assert len(out.read()) == BIG
        assert err.read() == b"err\n"
        assert out.channel.recv_exit_status() == 3
