"""OpenSSH connections that break, go silent or are refused: noticed at once, and asked again only what may be."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import UnreachableError
from signoff.transport import HostAddress
from signoff.transport.channel import Command, ConnectionLostError
from signoff.transport.openssh import openssh_channel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client; install openssh-client")


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
    assert time.monotonic() - started < 8
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
