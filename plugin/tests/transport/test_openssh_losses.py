"""OpenSSH connections that break, go silent or are refused: noticed at once, and asked again only what may be."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import threading
import time
from contextlib import suppress
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
    channel.open().result(30)
    pending = [channel.submit(Command(text=text)) for text in ("sleep 20", "echo never")]
    time.sleep(0.3)
    started = time.monotonic()
    server.stop()
    for future in pending:
        with pytest.raises(ConnectionLostError, match="web1: the connection was lost"):
            future.result(60)
    assert time.monotonic() - started < 30  # to wait for what does not come back takes 45 s
    with pytest.raises(UnreachableError, match="refused"):
        channel.open().result(30)
    channel.close()


def test_a_link_that_goes_silent_is_noticed(make_sshd: Any) -> None:
    server = make_sshd()
    quick = f"{server.address.ssh_args} -o ServerAliveInterval=1 -o ServerAliveCountMax=2"
    channel = openssh_channel(server.with_args(ssh_args=quick))
    channel.open().result(30)
    pending = channel.submit(Command(text="sleep 600"))
    server.signal_sessions(signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(ConnectionLostError, match="web1"):
        pending.result(60)
    assert time.monotonic() - started < 30  # to wait for what does not come back takes 45 s
    channel.close()


def test_a_host_that_stops_answering_is_given_up_even_if_its_server_lives(make_sshd: Any) -> None:
    server = make_sshd()
    channel = openssh_channel(server.address, grace=0.5)
    channel.open().result(30)
    [shell] = [process for process in server.sessions() if process.name() in {"sh", "dash", "bash"}]
    shell.suspend()
    try:
        with pytest.raises(ConnectionLostError, match="nothing came back"):
            channel.submit(Command(text="echo x", limit=0.5)).result(30)
    finally:
        shell.resume()
        channel.close()


def test_a_read_only_question_is_asked_once_more_and_says_so(make_sshd: Any, connect: Any, tmp_path: Path) -> None:
    server = make_sshd()
    host = connect(server.address)
    question = f"cd {tmp_path}; test -e begun || {{ : > begun; sleep 25; }}; echo seen"
    with server.cutting_when(tmp_path / "begun"):
        assert host.run(question, read_only=True).stdout == "seen\n"
    assert host.backend.take_notices() == [f"web1: asked again after a lost connection: {question[:120]}"]
    assert host.backend.take_notices() == []
    assert server.connections == 2


def test_any_other_command_is_never_asked_twice(make_sshd: Any, connect: Any, tmp_path: Path) -> None:
    server = make_sshd()
    host = connect(server.address)
    with server.cutting_when(tmp_path / "done"), pytest.raises(UnreachableError, match="lost"):
        host.run(f"echo x >> {tmp_path / 'done'}; sleep 25; echo seen")
    assert host.backend.take_notices() == []
    assert (tmp_path / "done").read_text() == "x\n"
    assert host.run("echo back").stdout == "back\n"


def test_a_command_that_was_not_sent_yet_goes_over_a_new_connection(
    make_sshd: Any, connect: Any, tmp_path: Path
) -> None:
    server = make_sshd()
    host = connect(server.address)
    server.cut()
    deadline = time.monotonic() + 30
    while host.backend.channel._link is not None:  # until the loss is noticed here
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert host.run(f"echo x >> {tmp_path / 'done'}; echo seen").stdout == "seen\n"
    assert (tmp_path / "done").read_text() == "x\n"
    assert len(host.backend.take_notices()) == 1


def test_a_host_that_keeps_breaking_is_given_up(make_sshd: Any, connect: Any, tmp_path: Path) -> None:
    server = make_sshd()
    host = connect(server.address)
    for number in range(4):
        begun = tmp_path / f"begun{number}"
        with server.cutting_when(begun), pytest.raises(UnreachableError, match="lost"):
            host.run(f"touch {begun}; sleep 25; touch /nowhere/x")
    with pytest.raises(UnreachableError, match="lost"):
        host.run("true")
    assert server.connections == 4


def test_a_connection_that_is_reset_is_unreachable() -> None:
    with socket.socket() as rude:
        rude.bind(("127.0.0.1", 0))
        rude.listen()

        def reset() -> None:
            connection, _ = rude.accept()
            with connection:
                connection.recv(1)  # to a client that has said nothing yet, its system may tell of it in other ways
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        thread = threading.Thread(target=reset, daemon=True)
        thread.start()
        address = HostAddress(name="rude", host="127.0.0.1", port=rude.getsockname()[1], ssh_args="-F none")
        channel = openssh_channel(address)
        with pytest.raises(UnreachableError, match=r"rude: .*(reset by peer|no reason)"):
            channel.open().result(30)
        thread.join(30)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    channel = openssh_channel(HostAddress(name="nowhere", host="nowhere.invalid", ssh_args="-F none"))
    with pytest.raises(UnreachableError, match=r"nowhere: .*resolve"):
        channel.open().result(30)


def test_a_server_that_is_full_says_maxstartups(make_sshd: Any) -> None:
    server = make_sshd("MaxStartups 1:100:1", "LoginGraceTime 120")
    with (
        _one_log_in_that_takes_its_time(server.port),
        pytest.raises(UnreachableError, match="MaxStartups"),
    ):
        openssh_channel(server.address).open().result(30)
    # The server has room again when it has noticed that the one in the door has left.
    channel = openssh_channel(server.address)
    deadline = time.monotonic() + 30
    while isinstance(channel.open().exception(30), UnreachableError):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    channel.close()


def _one_log_in_that_takes_its_time(port: int) -> socket.socket:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        waiting = socket.create_connection(("127.0.0.1", port), timeout=30)
        with suppress(OSError):
            if waiting.recv(4) == b"SSH-":
                return waiting
        waiting.close()
        time.sleep(0.1)
    raise AssertionError("the server has no room for anybody")
