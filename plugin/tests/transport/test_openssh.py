"""One OpenSSH connection per host, against real servers and accounts."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from signoff.errors import NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport import HostAddress, HostPool
from signoff.transport.channel import Command
from signoff.transport.openssh import openssh_channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client; install openssh-client")
NOISE = "echo noise on output; echo noise on error >&2; printf 'a word 0 0\\n'\n"
LOGIN_SHELLS = {
    "bash": (".bashrc", NOISE),
    "zsh": (".zshenv", NOISE),
    "fish": (".config/fish/config.fish", NOISE),
    "dash": (".profile", NOISE),
    "ksh": (".profile", NOISE),
}


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
    _await(lambda: not _running(f"sleep ({a}|{b})"))


def test_a_client_that_is_killed_leaves_nothing_behind_for_long(ssh_server: Any) -> None:
    duration = 1_000_000 + secrets.randbelow(10**9)
    script = f"""
import sys
from signoff.transport import HostAddress, HostPool
pool = HostPool({{"web1": HostAddress(**{_settings(ssh_server.address)!r})}})
host = pool.connect("web1")
print("connected", flush=True)
host.run("sleep {duration}", limit=5)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"connected\n"
        _await(lambda: _running(f"^sleep {duration}"))
        client.kill()
    _await(lambda: not _running(f"sleep {duration}"))
    _await(lambda: not _running(f"ssh -T .*{ssh_server.folder}"))


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
        answers = host.backend.channel.submit_batch(texts, 30)
        assert [answer.result(90).stdout.decode() for answer in answers] == [f"{text[5:]}\n" for text in texts]
    finally:
        for host_process in ssh_server.sessions():
            with suppress(psutil.NoSuchProcess):
                if host_process.username() == account.name:
                    host_process.kill()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_many_hosts_are_asked_at_once_by_one_thread(ssh_server: Any, tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    channels = [openssh_channel(replace(ssh_server.address, name=f"web{number}")) for number in range(6)]
    try:
        assert all(channel.open().result(30) is None for channel in channels)
        # Each waits for all the others: one after the other, none would ever end.
        meet = f"mktemp {tmp_path}/XXXXXX; until test $(ls {tmp_path} | wc -l) -eq 6; do sleep 0.1; done"
        answers = [channel.submit(Command(text=meet)) for channel in channels]
        assert [answer.result(60).status for answer in answers] == [0] * 6
        assert {thread.name for thread in threading.enumerate()} - before <= {"signoff-hosts"}
    finally:
        for channel in channels:
            channel.close()
