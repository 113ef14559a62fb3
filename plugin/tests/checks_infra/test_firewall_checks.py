"""INF-NET-3."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from signoff.config.exposure import Firewall
from signoff.errors import NotVerifiedError
from signoff.probes.hosts.listeners import Listener
from signoff.probes.hosts.packet_filter import Input, PacketFilter, PortRange
from signoff.probes.network.outside import Knock

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/firewall/test_firewall.py"
SSH = PortRange(first=22, last=22, protocol="tcp")
BOTH = frozenset({"ip", "ip6"})


def chain(*accepted: PortRange, denies: bool = True, families: Any = BOTH) -> Input:
    return Input(name="inet filter input", families=families, denies=denies, accepted=accepted)


def guarded(
    *inputs: Input,
    listeners: tuple[Listener, ...] = (),
    knocks: tuple[Knock, ...] = (),
    families: tuple[str, ...] = ("ip", "ip6"),
    **settings: Any,
) -> Any:
    return SimpleNamespace(
        name="web1",
        address="192.0.2.1",
        settings=Firewall(**{"ports": {"ssh": "22/tcp", "many": "8000-8010/tcp"}} | settings),
        packet_filter=lambda: PacketFilter(tool="nftables", rules=3, inputs=inputs),
        families=lambda: families,
        listeners=lambda: listeners,
        knocks=lambda: knocks,
    )


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (guarded(chain(SSH)), "PASS", ""),
        (guarded(chain(PortRange(first=8001, last=8003, protocol="tcp"))), "PASS", ""),
        (guarded(chain(families=frozenset({"ip"})), families=("ip",)), "PASS", ""),
        (guarded(chain(denies=False), chain(SSH)), "PASS", ""),
        (guarded(external="security group sg-1"), "PASS", ""),
        (guarded(), "FAIL", "web1: no rules for incoming packets"),
        (guarded(chain(denies=False)), "FAIL", "web1: incoming ip and ip6 is accepted by default"),
        (guarded(chain(families=frozenset({"ip"}))), "FAIL", "web1: incoming ip6 is accepted by default"),
        (
            guarded(chain(SSH, PortRange(first=22, last=22, protocol="udp"))),
            "FAIL",
            "web1: the rules let in 22/udp, which the inventory does not name",
        ),
        (
            guarded(chain(PortRange(first=8009, last=8011, protocol="tcp"))),
            "FAIL",
            "web1: the rules let in 8009-8011/tcp",
        ),
    ],
)
def test_default(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "firewall_denies_by_default", guarded=given)
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


def listener(port: int, protocol: str = "tcp", program: str = "sshd") -> Listener:
    return Listener(port=port, protocol=protocol, address="*", program=program)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (guarded(listeners=(listener(22), listener(8004))), "PASS", ""),
        (
            guarded(listeners=(listener(22), listener(4444, program="nc"))),
            "FAIL",
            "web1: listened on, and not in the inventory: 4444/tcp (nc) on *",
        ),
        (
            guarded(listeners=(listener(22, "udp", ""),)),
            "FAIL",
            "web1: listened on, and not in the inventory: 22/udp on *",
        ),
        (guarded(), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_listeners(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "only_known_ports_are_listened_on", guarded=given)
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("knocks", "state", "reason"),
    [
        ((Knock(port=3306, open=False, said="refused"),), "PASS", ""),
        (
            (Knock(port=3306, open=True, said="open"), Knock(port=6379, open=True, said="open")),
            "FAIL",
            "web1: open to others: 3306, 6379",
        ),
        ((), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_outside(run_check: Callable[..., Any], knocks: tuple[Knock, ...], state: str, reason: str) -> None:
    conclusion = run_check(FILE, "outside_sees_closed_ports", guarded=guarded(knocks=knocks))
    assert (conclusion.state, conclusion.reason) == (state, reason)


def test_closed_ports_prove_something_only_where_the_host_answers(suite_module: Callable[[str], Any]) -> None:
    vocabulary = suite_module("infra/firewall/conftest.py")
    with socket.socket() as server, socket.socket() as closed, socket.socket() as stranger:
        for one in (server, closed, stranger):
            one.bind(("127.0.0.1", 0))
        server.listen()
        stranger.listen()
        own, other, hidden = (one.getsockname()[1] for one in (server, stranger, closed))

        def look(port: int, **outside: Any) -> list[tuple[int, bool]]:
            settings = Firewall(ports={"own": f"{port}/tcp"}, outside={"closed": [own, other, hidden]} | outside)
            views = vocabulary.knock_everywhere({"web1": ("127.0.0.1", settings)})
            host = vocabulary.Guarded(
                name="web1", settings=settings, host=None, address="127.0.0.1", sudo=(), outside=views.__getitem__
            )
            return [(one.port, one.open) for one in host.knocks()]

        assert look(own) == [(other, True), (hidden, False)], "our own port may be open"
        assert (own, True) in look(own, source="127.0.0.9"), "but not for somebody from outside, if it is listed"
        with pytest.raises(NotVerifiedError, match="none of its own TCP ports answers from here at 127"):
            look(hidden)


def test_real_listeners_of_this_machine_are_compared_with_the_inventory(
    suite_module: Callable[[str], Any], here: Any
) -> None:
    kind = suite_module("infra/firewall/conftest.py").Guarded
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        port = server.getsockname()[1]
        everything = Firewall(ports={"tcp": "1-65535/tcp", "udp": "1-65535/udp"})
        host = kind(name="web1", settings=everything, host=here, address="127.0.0.1", sudo=(), outside=None)
        assert port in {one.port for one in host.listeners()}
        assert host.families()


@pytest.mark.parametrize("port", ["22", "0/tcp", "70000/tcp", "30-20/udp", "22/sctp", "22-/tcp"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValidationError, match=r"443/tcp, 53/udp"):
        Firewall(ports={"x": port})
