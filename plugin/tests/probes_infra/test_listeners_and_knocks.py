"""Real sockets, as the host itself lists them and as somebody outside finds them."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from signoff.errors import GuardError, NotVerifiedError, UnreachableError
from signoff.probes.hosts.listeners import Listener, parse_listeners, read_listeners
from signoff.probes.network.outside import Door, knock


def listening(stack: ExitStack, address: str, kind: socket.SocketKind) -> int:
    server = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind))
    server.bind((address, 0))
    if kind is socket.SOCK_STREAM:
        server.listen()
    return int(server.getsockname()[1])


def test_real_sockets_are_found_and_loopback_is_told_apart(here: Any) -> None:
    with ExitStack() as stack:
        inside = listening(stack, "127.0.0.1", socket.SOCK_STREAM)
        outside = listening(stack, "0.0.0.0", socket.SOCK_STREAM)
        datagrams = listening(stack, "0.0.0.0", socket.SOCK_DGRAM)
        found = {(one.port, one.protocol): one for one in read_listeners(here)}
    assert not found[inside, "tcp"].is_exposed
    assert found[outside, "tcp"].is_exposed
    assert found[outside, "tcp"].program, "our own sockets have a name"
    assert found[datagrams, "udp"].is_exposed


@pytest.mark.parametrize(
    ("line", "address", "exposed"),
    [
        ("LISTEN 0 128 0.0.0.0:22 0.0.0.0:*", "0.0.0.0", True),
        ("LISTEN 0 128 [::]:22 [::]:*", "::", True),
        ("LISTEN 0 128 *:9100 *:*", "*", True),
        ("LISTEN 0 128 [::1]:5432 [::]:*", "::1", False),
        ("LISTEN 0 128 [::ffff:127.0.0.1]:8005 *:*", "127.0.0.1", False),
        ("LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*", "127.0.0.53", False),
        ("UNCONN 0 0 10.0.0.5%eth0:68 0.0.0.0:*", "10.0.0.5", True),
        ("UNCONN 0 0 [fe80::1]%eth0:546 [::]:*", "fe80::1", True),
    ],
)
def test_addresses_in_all_their_spellings(line: str, address: str, exposed: bool) -> None:
    (one,) = parse_listeners(f'{line} users:(("x",pid=1,fd=3))\n', "tcp")
    assert (one.address, one.is_exposed, one.program) == (address, exposed, "x")


@pytest.mark.parametrize(
    "line", ["tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*", "ESTAB 0 0 1.2.3.4:5 6.7.8.9:1", "LISTEN 0 1"]
)
def test_what_is_not_understood_is_no_answer(line: str) -> None:
    with pytest.raises(NotVerifiedError, match="not understood"):
        parse_listeners(line, "tcp")


def test_a_listener_reads_as_an_inventory_writes_it() -> None:
    assert str(Listener(port=53, protocol="udp", address="*", program="")) == "53/udp"


def test_an_open_port_answers_and_a_closed_one_refuses() -> None:
    with ExitStack() as stack:
        open_port = listening(stack, "127.0.0.1", socket.SOCK_STREAM)
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        found = knock(
            [Door(address="127.0.0.1", port=port, source="127.0.0.2") for port in (open_port, closed.getsockname()[1])],
            timeout=30,
        )
    assert [(one.open, one.said) for one in found] == [(True, "open"), (False, "refused")]


def test_a_full_port_does_not_answer_in_time() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        # Nobody lets them in: the queue is full when somebody is not even let into that.
        with suppress(TimeoutError):
            for _ in range(9):
                one = stack.enter_context(socket.socket())
                one.settimeout(0.5)
                one.connect(("127.0.0.1", port))
        (found,) = knock([Door(address="127.0.0.1", port=port)], timeout=0.2)
    assert (found.open, found.said) == (False, "no answer")


def test_what_cannot_be_asked_is_an_error_and_numbers_are_bounded() -> None:
    with pytest.raises(UnreachableError, match=r"nothing\.invalid"):
        knock([Door(address="nothing.invalid", port=1)])
    with pytest.raises(UnreachableError, match=r"192\.0\.2\.77"):
        knock([Door(address="127.0.0.1", port=1, source="192.0.2.77")])
    with pytest.raises(GuardError, match="50"):
        knock([Door(address="127.0.0.1", port=port) for port in range(1, 52)])
    assert knock([]) == ()
