"""One OpenSSH connection per host, against real servers, accounts and faults."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport import HostAddress, HostPool
from signoff.transport.channel import Command, ConnectionLostError
from signoff.transport.openssh import openssh_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.transport.host import CheckedHost

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client; install openssh-client")

NOISE = "echo noise on output; echo noise on error >&2; printf 'a word 0 0\\n'\n"
LOGIN_SHELLS = {
    "bash": (".bashrc", NOISE),
    "zsh": (".zshenv", NOISE),
    "fish": (".config/fish/config.fish", NOISE),
    "dash": (".profile", NOISE),
    "ksh": (".profile", NOISE),
}


@pytest.fixture
def connect() -> Iterator[Callable[..., CheckedHost]]:
    """Connect to an address, and end the connection with the test."""
    pools: list[HostPool] = []

    def make(address: HostAddress, **settings: Any) -> CheckedHost:
        pools.append(HostPool({address.name: address}, **settings))
        return pools[-1].connect(address.name)

    yield make
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("shell", LOGIN_SHELLS)
def test_any_login_shell_makes_room_and_its_noise_stays_outside(
    make_account: Any, ssh_server: Any, connect: Any, shell: str
) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} on this machine; install it")
    account = make_account(found)
    name, text = LOGIN_SHELLS[shell]
    (account.home / name).parent.mkdir(parents=True, exist_ok=True)
    (account.home / name).write_text(text)
    host = connect(ssh_server.address_of(account))
    assert (host.run("id -un").stdout, host.run("id -un").stderr) == (f"{account.name}\n", "")
    assert host.run("echo 'it'\"'\"'s' >&2; exit 3").stderr == "it's\n"
    assert host.run("pwd").stdout == f"{account.home}\n"


def test_busybox_ash_as_login_shell(make_account: Any, ssh_server: Any, connect: Any) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox on this machine; install it")
    account = make_account()
    (account.home / "ash").symlink_to(busybox)
    subprocess.run(["usermod", "-s", str(account.home / "ash"), account.name], check=True)
    assert connect(ssh_server.address_of(account)).run("id -un").stdout == f"{account.name}\n"


def test_an_account_that_may_not_log_in_says_so(make_account: Any, ssh_server: Any) -> None:
    address = ssh_server.address_of(make_account("/usr/sbin/nologin"))
    with HostPool({"web1": address}) as pool, pytest.raises(UnreachableError, match="not available"):
        pool.connect("web1")


def test_a_banner_and_the_message_of_the_day_are_no_answer(make_sshd: Any, tmp_path: Path, connect: Any) -> None:
    (tmp_path / "banner").write_text("You are being watched\n" * 100)
    host = connect(make_sshd(f"Banner {tmp_path / 'banner'}", "PrintMotd yes").address)
    assert (host.run("echo x").stdout, host.run("echo x").stderr) == ("x\n", "")


def test_much_output_arrives_and_too_much_is_refused_within_bounded_memory(ssh_server: Any, connect: Any) -> None:
    host = connect(ssh_server.address)
    result = host.run("head -c 8000000 /dev/zero; head -c 8000000 /dev/zero >&2")
    assert (len(result.stdout_bytes), len(result.stderr_bytes)) == (8_000_000, 8_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for stream in ("", " >&2"):
        with pytest.raises(NotVerifiedError, match="ask for less"):
            host.run(f"head -c 100000000 /dev/zero{stream}")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000  # KiB
    assert host.run("echo still here").stdout == "still here\n"


def test_a_process_that_escapes_is_ended_at_the_limit(ssh_server: Any, connect: Any) -> None:
    host = connect(ssh_server.address)
    a, b = (1_000_000 + secrets.randbelow(10**9) for _ in range(2))
    with pytest.raises(TimedOutError, match="not done within 1 s"):
        host.run(f"setsid sleep {a} & (trap '' TERM; sleep {b})", limit=1)
    assert host.run(f"sleep 0.5; ps -eo args | grep -c '[s]leep {a}\\|[s]leep {b}'").stdout == "0\n"


def test_a_server_that_dies_is_a_lost_connection_at_once(make_sshd: Any) -> None:
    server = make_sshd()
    channel = openssh_channel(server.address)
    channel.open().result(10)
    pending = [channel.submit(Command(text=text)) for text in ("sleep 20", "echo never")]
    time.sleep(0.3)
    started = time.monotonic()
    server.stop()
    for future in pending:
        with pytest.raises(ConnectionLostError, match="web1: the connection was lost"):
            future.result(5)
    assert time.monotonic() - started < 3
    with pytest.raises(UnreachableError, match="refused"):
        channel.open().result(5)
    channel.close()


def test_a_link_that_goes_silent_is_noticed(make_sshd: Any) -> None:
    server = make_sshd()
    quick = f"{server.address.ssh_args} -o ServerAliveInterval=1 -o ServerAliveCountMax=2"
    channel = openssh_channel(server.with_args(ssh_args=quick))
    channel.open().result(10)
    pending = channel.submit(Command(text="sleep 20"))
    time.sleep(0.2)
    server.signal_sessions(signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(ConnectionLostError, match="web1"):
        pending.result(10)
    assert time.monotonic() - started < 6
    channel.close()


def test_a_host_that_stops_answering_is_given_up_even_if_its_server_lives(make_sshd: Any) -> None:
    server = make_sshd()
    channel = openssh_channel(server.address, grace=0.5)
    channel.open().result(10)
    [shell] = [process for process in server.sessions() if process.name() in {"sh", "dash", "bash"}]
    shell.suspend()
    with pytest.raises(ConnectionLostError, match="nothing came back"):
        channel.submit(Command(text="echo x", limit=0.5)).result(5)
    shell.resume()
    channel.close()


def test_a_read_only_question_is_asked_once_more_and_says_so(make_sshd: Any, connect: Any) -> None:
    server = make_sshd()
    host = connect(server.address)
    threading.Timer(0.5, server.cut).start()
    assert host.run("sleep 1; echo seen", read_only=True).stdout == "seen\n"
    assert host.backend.take_notices() == ["web1: asked again after a lost connection: sleep 1; echo seen"]
    assert host.backend.take_notices() == []
    assert server.connections == 2


def test_any_other_command_is_never_asked_twice(make_sshd: Any, connect: Any, tmp_path: Path) -> None:
    server = make_sshd()
    host = connect(server.address)
    threading.Timer(0.5, server.cut).start()
    with pytest.raises(UnreachableError, match="lost"):
        host.run(f"echo x >> {tmp_path / 'done'}; sleep 2; echo seen")
    assert host.backend.take_notices() == []
    assert (tmp_path / "done").read_text() == "x\n"
    assert host.run("echo back").stdout == "back\n"


def test_a_command_that_was_not_sent_yet_goes_over_a_new_connection(
    make_sshd: Any, connect: Any, tmp_path: Path
) -> None:
    server = make_sshd()
    host = connect(server.address)
    server.cut()
    time.sleep(1)
    assert host.run(f"echo x >> {tmp_path / 'done'}; echo seen").stdout == "seen\n"
    assert (tmp_path / "done").read_text() == "x\n"
    assert len(host.backend.take_notices()) == 1


def test_a_host_that_keeps_breaking_is_given_up(make_sshd: Any, connect: Any) -> None:
    server = make_sshd()
    host = connect(server.address)
    for _ in range(4):
        threading.Timer(0.3, server.cut).start()
        with pytest.raises(UnreachableError, match="lost"):
            host.run("sleep 5; touch /nowhere/x")
    with pytest.raises(UnreachableError, match="lost"):
        host.run("true")
    assert server.connections == 4


def test_a_connection_that_is_reset_is_unreachable() -> None:
    with socket.socket() as rude:
        rude.bind(("127.0.0.1", 0))
        rude.listen()

        def reset() -> None:
            for _ in range(2):
                connection, _ = rude.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        threading.Thread(target=reset, daemon=True).start()
        address = HostAddress(name="rude", host="127.0.0.1", port=rude.getsockname()[1], ssh_args="-F none")
        channel = openssh_channel(address)
        with pytest.raises(UnreachableError, match=r"rude: .*(reset by peer|no reason)"):
            channel.open().result(10)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    channel = openssh_channel(HostAddress(name="nowhere", host="nowhere.invalid", ssh_args="-F none"))
    with pytest.raises(UnreachableError, match=r"nowhere: .*resolve"):
        channel.open().result(20)


def test_a_server_that_is_full_says_maxstartups(make_sshd: Any) -> None:
    server = make_sshd("MaxStartups 1:100:1", "LoginGraceTime 20")
    with (
        _one_log_in_that_takes_its_time(server.port),
        pytest.raises(UnreachableError, match="MaxStartups"),
    ):
        openssh_channel(server.address).open().result(10)
    time.sleep(0.2)
    channel = openssh_channel(server.address)
    channel.open().result(10)
    channel.close()


def _one_log_in_that_takes_its_time(port: int) -> socket.socket:
    while True:
        waiting = socket.create_connection(("127.0.0.1", port))
        if waiting.recv(4) == b"SSH-":
            return waiting
        waiting.close()
        time.sleep(0.1)


def test_the_changed_key_of_a_host_is_named_as_such(ssh_server: Any) -> None:
    args = f"-F none -o UserKnownHostsFile={ssh_server.folder / 'wrong_hosts'}"
    with pytest.raises(AuthenticationError, match="CHANGED"):
        openssh_channel(ssh_server.with_args(ssh_args=args)).open().result(10)


def test_the_users_configuration_names_host_key_and_jump_host(make_sshd: Any, tmp_path: Path, connect: Any) -> None:
    jump, target = make_sshd("AllowTcpForwarding yes"), make_sshd()
    config = tmp_path / "config"
    config.write_text(
        f"""
        Host jump
            HostName 127.0.0.1
            Port {jump.port}
            IdentityFile {jump.folder / "id"}
            UserKnownHostsFile {jump.folder / "known_hosts"}
        Host target
            HostName 127.0.0.1
            Port {target.port}
            ProxyJump jump
            IdentityFile {target.folder / "id"}
            UserKnownHostsFile {target.folder / "known_hosts"}
            # What must not get in the way of a check:
            LocalForward {jump.port} 127.0.0.1:1
            RemoteCommand false
            ForwardAgent yes
            PermitLocalCommand yes
            LocalCommand touch {tmp_path / "local"}
            StrictHostKeyChecking no
            LogLevel DEBUG3
        Host *
            User {target.user}
            IdentitiesOnly yes
        """
    )
    host = connect(HostAddress(name="target", ssh_args=f"-F {config}"))
    assert (host.run("echo through").stdout, host.run("echo through").stderr) == ("through\n", "")
    assert (jump.connections, target.connections) == (1, 1)
    assert not (tmp_path / "local").exists()
    (target.folder / "known_hosts").write_text((target.folder / "wrong_hosts").read_text())
    with pytest.raises(AuthenticationError, match="CHANGED"):
        openssh_channel(HostAddress(name="target", ssh_args=f"-F {config}")).open().result(15)


def test_the_users_own_shared_connection_is_used(make_sshd: Any, tmp_path_factory: Any, connect: Any) -> None:
    server = make_sshd("MaxSessions 1")
    control = tmp_path_factory.mktemp("c") / "s"
    shared = f"{server.address.ssh_args} -o ControlMaster=auto -o ControlPath={control} -o ControlPersist=30"
    address = server.with_args(ssh_args=shared)
    try:
        first = connect(address)
        assert first.run("echo one").stdout == "one\n"
        assert control.exists()
        # The server allows one session per connection: whoever comes second gets a connection of its own.
        assert connect(address).run("echo two").stdout == "two\n"
    finally:
        subprocess.run(["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={control}", "x"], check=False)


def test_keys_come_from_the_users_agent(make_sshd: Any, tmp_path_factory: Any, connect: Any) -> None:
    server = make_sshd()
    path = tmp_path_factory.mktemp("a") / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL) as agent:
        try:
            deadline = time.monotonic() + 5
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            environment = os.environ | {"SSH_AUTH_SOCK": str(path)}
            subprocess.run(["ssh-add", "-q", str(server.folder / "id")], env=environment, check=True)
            address = server.with_args(identity_file="", ssh_args=f"{server.address.ssh_args} -o IdentityAgent={path}")
            assert connect(address).run("echo by agent; echo $SSH_AUTH_SOCK").stdout == "by agent\n\n"
        finally:
            agent.terminate()


def test_a_certificate_opens_the_door(make_sshd: Any, tmp_path: Path, connect: Any) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ca")], check=True)
    server = make_sshd(f"TrustedUserCAKeys {tmp_path / 'ca.pub'}")
    server_user = ["ssh-keygen", "-q", "-s", str(tmp_path / "ca"), "-I", "check", "-n", server.user]
    subprocess.run([*server_user, str(server.folder / "other_id.pub")], check=True)
    address = server.with_args(identity_file=str(server.folder / "other_id"))
    assert connect(address).run("echo by certificate").stdout == "by certificate\n"


def test_a_client_that_is_killed_leaves_nothing_behind_for_long(ssh_server: Any) -> None:
    duration = 1_000_000 + secrets.randbelow(10**9)
    script = f"""
import sys
from signoff.transport import HostAddress, HostPool
pool = HostPool({{"web1": HostAddress(**{_settings(ssh_server.address)!r})}})
host = pool.connect("web1")
print("connected", flush=True)
host.run("sleep {duration}", limit=2)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"connected\n"
        time.sleep(0.3)
        client.kill()
    deadline = time.monotonic() + 8
    while _running(f"sleep {duration}") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _running(f"sleep {duration}")
    assert not _running(f"ssh -T .*{ssh_server.folder}")


def _settings(address: HostAddress) -> dict[str, Any]:
    return {name: getattr(address, name) for name in ("name", "host", "port", "user", "identity_file", "ssh_args")}


def _running(pattern: str) -> bool:
    found = subprocess.run(["pgrep", "-f", "--", pattern], check=False, capture_output=True, text=True).stdout.split()
    return bool([pid for pid in found if int(pid) != os.getpid()])


def test_a_full_disk_on_the_host_is_no_obstacle(make_account: Any, ssh_server: Any, connect: Any) -> None:
    account = make_account(shutil.which("bash") or "/bin/sh")
    address = ssh_server.address_of(account)
    disk = account.home / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        subprocess.run(f"head -c 100000 /dev/zero > {disk}/fill", shell=True, check=False, stderr=subprocess.DEVNULL)
        host = connect(address)
        text = f"TMPDIR={disk} HOME={disk}; export TMPDIR HOME; cd {disk}; "
        assert host.run(f"{text}head -c 200000 /dev/zero | wc -c").stdout.strip() == "200000"
        assert host.run(f"{text}echo x > y; echo $?").stdout.strip() != "0"
        texts = [f"echo {number} {'x' * 900}" for number in range(60)]
        answers = host.backend.channel.submit_batch(texts, 20)
        assert [answer.result(20).stdout.decode() for answer in answers] == [f"{text[5:]}\n" for text in texts]
    finally:
        for host_process in ssh_server.sessions():
            if host_process.username() == account.name:
                host_process.kill()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_many_hosts_are_asked_at_once_by_one_thread(ssh_server: Any) -> None:
    before = {thread.name for thread in threading.enumerate()}
    channels = [openssh_channel(replace(ssh_server.address, name=f"web{number}")) for number in range(6)]
    try:
        assert all(channel.open().result(20) is None for channel in channels)
        started = time.monotonic()
        answers = [channel.submit(Command(text="sleep 1; echo done")) for channel in channels for _ in range(1)]
        assert [answer.result(20).stdout for answer in answers] == [b"done\n"] * 6
        assert time.monotonic() - started < 4
        assert {thread.name for thread in threading.enumerate()} - before <= {"signoff-hosts"}
    finally:
        for channel in channels:
            channel.close()
