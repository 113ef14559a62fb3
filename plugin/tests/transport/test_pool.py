"""The pool over both SSH clients against a real server: truth of results, limits, strictness, cleanliness."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport import HostAddress, HostPool
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def test_results_come_back_whole(pool: HostPool) -> None:
    result = pool.connect("web1").run("printf 'out\\n\\n'; printf 'é\\0' ; printf err >&2; exit 3")
    assert (result.rc, result.stdout, result.stderr) == (3, "out\n\né\0", "err")


def test_arguments_are_quoted(pool: HostPool) -> None:
    assert pool.connect("web1").run("printf %s:%s", "a 'b'", "$HOME; exit 9").stdout == "a 'b':$HOME; exit 9"


@pytest.mark.parametrize("status", [1, 124, 126, 127, 137, 255])
def test_any_exit_status_is_the_commands_own(pool: HostPool, status: int) -> None:
    assert pool.connect("web1").run(f"exit {status}").rc == status


def test_a_command_killed_by_a_signal_is_not_a_lost_connection(pool: HostPool) -> None:
    assert pool.connect("web1").run("kill -9 $$").rc == 137


def test_large_output_on_both_streams_arrives(pool: HostPool) -> None:
    result = pool.connect("web1").run("head -c 3000000 /dev/zero >&2; head -c 2000000 /dev/zero")
    assert (len(result.stdout), len(result.stderr)) == (2_000_000, 3_000_000)


def test_a_command_that_reads_input_gets_none(pool: HostPool) -> None:
    assert pool.connect("web1").run("cat").rc == 0


def test_a_command_that_hangs_is_ended_on_the_host_too(pool: HostPool) -> None:
    host = pool.connect("web1")
    duration = 1_000_000 + secrets.randbelow(10**9)
    with pytest.raises(TimedOutError, match=f"sleep {duration}"):
        host.run(f"sleep {duration}", limit=0.5)
    deadline = time.monotonic() + 30
    while host.run(f"pgrep -f '[s]leep {duration}'").rc != 1:
        assert time.monotonic() < deadline
    assert host.run("echo still there").rc == 0


def test_one_connection_serves_all_commands(pool: HostPool, ssh_server: Any) -> None:
    host = pool.connect("web1")
    before = ssh_server.connections
    for _ in range(5):
        host.run("true")
    assert ssh_server.connections == before


def test_a_command_too_long_for_a_command_line_is_refused(pool: HostPool) -> None:
    with pytest.raises(ValueError, match="split it"):
        pool.connect("web1").run("echo " + "x" * 120_000)


@pytest.mark.parametrize(("hosts", "word"), [("no_hosts", "not known"), ("wrong_hosts", "not the known")])
def test_unknown_and_changed_host_keys_are_refused(client: str, ssh_server: Any, hosts: str, word: str) -> None:
    assert client
    args = f"-F none -o UserKnownHostsFile={ssh_server.folder / hosts} -o StrictHostKeyChecking=no"
    with HostPool({"web1": ssh_server.with_args(ssh_args=args)}) as pool:
        with pytest.raises(AuthenticationError, match=word):
            pool.connect("web1")
        with pytest.raises(AuthenticationError, match=word):
            pool.connect("web1")


def test_a_refused_identity_is_an_authentication_error(client: str, ssh_server: Any) -> None:
    assert client
    address = ssh_server.with_args(identity_file=str(ssh_server.folder / "other_id"))
    with HostPool({"web1": address}) as pool, pytest.raises(AuthenticationError, match="web1"):
        pool.connect("web1")


def test_a_closed_port_is_tried_once(client: str) -> None:
    assert client
    address = HostAddress(name="gone", host="127.0.0.1", port=free_port(), ssh_args="-F none")
    with HostPool({"gone": address}) as pool:
        for _ in range(2):
            with pytest.raises(UnreachableError, match="gone: "):
                pool.connect("gone")


def test_a_silent_host_costs_one_bounded_attempt(client: str) -> None:
    assert client
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = HostAddress(name="mute", host="127.0.0.1", port=silent.getsockname()[1], ssh_args="-F none")
        with HostPool({"mute": address}, connect_timeout=1) as pool:
            for _ in range(30):
                with pytest.raises(UnreachableError):
                    pool.connect("mute")
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_command_cut_off_is_unreachable_not_failed(client: str, ssh_server: Any, tmp_path: Path) -> None:
    assert client
    begun = tmp_path / "begun"
    with HostPool({"web1": ssh_server.address}, connect_timeout=30) as pool:
        host = pool.connect("web1")
        with ssh_server.cutting_when(begun), pytest.raises(UnreachableError):
            host.run(f"touch {begun}; sleep 25")


def test_a_connection_lost_on_the_way_is_unreachable_from_then_on(client: str, ssh_server: Any) -> None:
    assert client
    with HostPool({"web1": ssh_server.address}, connect_timeout=30) as pool:
        host = pool.connect("web1")
        ssh_server.cut()
        # Whether the loss was noticed before or after the question: what must never come back is a wrong answer.
        with suppress(UnreachableError):
            assert host.run("exit 7").rc == 7


def test_closing_leaves_no_process(ssh_server: Any) -> None:
    pool = HostPool({"web1": ssh_server.address})
    assert pool.connect("web1").run("true").rc == 0
    assert _clients_of(ssh_server)
    pool.close()
    assert not _clients_of(ssh_server)


def _clients_of(server: Any) -> list[str]:
    lines = subprocess.run(["ps", "-wweo", "args"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if line.startswith("ssh ") and str(server.folder) in line]


def test_without_any_ssh_client_the_reason_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signoff.transport.channels.shutil.which", lambda _: None)
    monkeypatch.setitem(__import__("sys").modules, "signoff.transport.paramiko_ssh", None)
    with HostPool({"a": HostAddress(name="a")}) as pool, pytest.raises(NotVerifiedError, match="openssh-client"):
        pool.connect("a")


@pytest.mark.parametrize("args", ["-o ProxyJump=bastion", "-J bastion", "-o ProxyCommand='nc %h %p'"])
def test_options_that_only_openssh_has_are_not_ignored(monkeypatch: pytest.MonkeyPatch, args: str) -> None:
    monkeypatch.setattr("signoff.transport.channels.shutil.which", lambda _: None)
    with (
        HostPool({"a": HostAddress(name="a", ssh_args=args)}) as pool,
        pytest.raises(NotVerifiedError, match="OpenSSH client"),
    ):
        pool.connect("a")


def test_the_local_machine_is_under_the_same_limits() -> None:
    with HostPool({"here": HostAddress(name="here", connection="local")}) as pool:
        host = pool.connect("here")
        assert host.run("exit 255").rc == 255
        with pytest.raises(TimedOutError):
            host.run("sleep 60", limit=0.3)


def test_other_testinfra_connections_are_under_the_same_limits() -> None:
    address = HostAddress(name="box", testinfra_url="local://")
    with HostPool({"box": address}) as pool:
        host = pool.connect("box")
        assert host.run("echo %s; exit 255", "a b").stdout == "a b\n"
        with pytest.raises(TimedOutError):
            host.run("sleep 60", limit=0.3)


def test_a_container_that_is_not_there_is_unreachable() -> None:
    with (
        HostPool({"box": HostAddress(name="box", testinfra_url="docker://nothing")}) as pool,
        pytest.raises(UnreachableError, match="box"),
    ):
        pool.connect("box")


@pytest.mark.parametrize(
    "url", ["ssh://web1", "paramiko://web1", "docker://a?sudo=true", "nonsense://a", "ansible://a"]
)
def test_connections_that_would_bypass_the_limits_are_refused(url: str) -> None:
    with (
        HostPool({"box": HostAddress(name="box", testinfra_url=url)}) as pool,
        pytest.raises(NotVerifiedError, match="testinfra_url"),
    ):
        pool.connect("box")


def test_hosts_of_other_names_are_unknown() -> None:
    with HostPool({}) as pool, pytest.raises(KeyError):
        pool.connect("nobody")


def test_the_environment_of_parsers_is_fixed(pool: HostPool) -> None:
    locale, path = pool.connect("web1").run('echo "$LC_ALL"; echo "$PATH"').stdout.splitlines()
    assert locale == "C"
    assert path.endswith("/usr/sbin:/sbin")
