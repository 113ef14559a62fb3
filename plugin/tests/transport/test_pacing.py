"""Many hosts connect at once, at a pace that servers accept; what turns us away is asked again, within bounds."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError, UnreachableError
from signoff.transport import HostAddress, HostPool
from signoff.transport.breaker import Breaker
from signoff.transport.channel import new_future
from signoff.transport.pacing import Pace, Starter, gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

TURNED_AWAY = "Connection reset by peer; the host turned the connection away before log-in: MaxStartups"


class Door:
    """One or many made-up hosts: counts who is on the way in, and lets in whom the test wants.

    Nobody gets an answer before so many (`full`) have stood there at once, or the test opens it.
    """

    def __init__(self, answer: Callable[[str, int], Exception | None] = lambda *_: None, *, full: int = 0) -> None:
        self._answer = answer
        self._full = full
        self._opened = threading.Event()
        self._lock = threading.Lock()
        self.now: list[str] = []
        self.most = 0
        self.attempts: list[str] = []
        self.closed: list[str] = []

    def channel(self, name: str) -> Any:
        return _Channel(self, name)

    def enter(self, name: str) -> Future[None]:
        future: Future[None] = new_future()
        with self._lock:
            self.now.append(name)
            self.most = max(self.most, len(self.now))
            self.attempts.append(name)
            number = self.attempts.count(name)
            if self.most >= self._full:
                self._opened.set()
        threading.Timer(0.02, lambda: self._leave(name, number, future)).start()
        return future

    def open(self) -> None:
        """Answer everybody from now on."""
        self._opened.set()

    def _leave(self, name: str, number: int, future: Future[None]) -> None:
        self._opened.wait(60)
        with self._lock:
            self.now.remove(name)
        error = self._answer(name, number)
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


class _Channel:
    def __init__(self, door: Door, name: str) -> None:
        self._door, self._name = door, name

    def open(self) -> Future[None]:
        return self._door.enter(self._name)

    def close(self) -> None:
        self._door.closed.append(self._name)


NAMES = [f"web-{number}" for number in range(30)]


@pytest.fixture
def starters() -> Iterator[Callable[..., Starter]]:
    made: list[Starter] = []

    def make(door: Door, *, gateway: str = "", breaker: Breaker | None = None, **pace: float) -> Starter:
        settings: dict[str, Any] = {"patience": 60.0, **pace}
        made.append(Starter(door.channel, lambda _: gateway, breaker or Breaker(), Pace(**settings)))
        return made[-1]

    yield make
    for starter in made:
        starter.close()


def test_all_hosts_connect_side_by_side_but_never_more_than_allowed(starters: Callable[..., Starter]) -> None:
    door = Door(full=4)
    starter = starters(door, at_once=4)
    starter.start(NAMES)
    for name in NAMES:
        starter.result(name).result(60)
    assert door.most == 4
    assert sorted(door.attempts) == sorted(NAMES)


def test_one_jump_host_gets_fewer_at_once(starters: Callable[..., Starter]) -> None:
    door = Door(full=2)
    starter = starters(door, gateway="bastion", at_once=16, per_gateway=2)
    starter.start(NAMES[:10])
    for name in NAMES[:10]:
        starter.result(name).result(60)
    assert door.most == 2


def test_a_host_that_somebody_waits_for_is_next(starters: Callable[..., Starter]) -> None:
    door = Door(full=9)
    starter = starters(door, at_once=1)
    starter.start(NAMES[:8])
    last = starter.result("web-7")
    starter.hurry("web-7")
    door.open()
    last.result(30)
    assert door.attempts.index("web-7") <= 2


def test_who_is_turned_away_comes_again_with_fewer_others(starters: Callable[..., Starter]) -> None:
    door = Door(lambda name, number: UnreachableError(f"{name}: {TURNED_AWAY}") if number < 3 else None)
    starter = starters(door, gateway="bastion", at_once=8)
    starter.start(NAMES[:4])
    for name in NAMES[:4]:
        starter.result(name).result(90)
    assert {door.attempts.count(name) for name in NAMES[:4]} == {3}


def test_who_is_always_turned_away_is_given_up_within_the_patience(starters: Callable[..., Starter]) -> None:
    door = Door(lambda name, _: UnreachableError(f"{name}: {TURNED_AWAY}"))
    starter = starters(door, gateway="bastion", patience=2)
    with pytest.raises(UnreachableError, match="web-0"):
        starter.result("web-0").result(60)
    assert 2 <= len(door.attempts) <= 20


def test_any_other_refusal_is_final(starters: Callable[..., Starter]) -> None:
    door = Door(lambda name, _: UnreachableError(f"{name}: Connection refused"))
    starter = starters(door, gateway="bastion")
    for _ in range(3):
        with pytest.raises(UnreachableError):
            starter.result("web-0").result(30)
    assert (door.attempts, door.closed) == (["web-0"], ["web-0"])


def test_two_processes_pay_once_for_a_lost_host(starters: Callable[..., Starter], tmp_path: Path) -> None:
    door = Door(lambda name, _: UnreachableError(f"{name}: Connection timed out"), full=2)
    both = [starters(door, breaker=Breaker(tmp_path)) for _ in range(2)]
    messages = set()
    for starter in both:
        starter.start(["web-0"])
    time.sleep(0.3)  # in which the second would stand at the door, too
    door.open()
    for starter in both:
        messages.add(str(starter.result("web-0").exception(30)))
    assert messages == {"web-0: Connection timed out"}
    assert door.attempts == ["web-0"]


def test_what_is_missing_here_reaches_who_waits() -> None:
    def fails(_: str) -> Any:
        raise NotVerifiedError("install openssh-client")

    starter = Starter(fails, lambda _: "", Breaker(), Pace())
    with pytest.raises(NotVerifiedError, match="install"):
        starter.result("web-0").result(30)
    starter.close()


def test_the_end_of_the_run_leaves_nobody_waiting(starters: Callable[..., Starter]) -> None:
    door = Door(full=9)
    starter = starters(door, at_once=1)
    starter.start(NAMES[:3])
    starter.close()
    for name in NAMES[1:3]:
        assert isinstance(starter.result(name).exception(30), UnreachableError)
    door.open()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (HostAddress(name="a"), "a:"),
        (HostAddress(name="a", host="10.0.0.1", port=22), "10.0.0.1:22"),
        (HostAddress(name="a", ssh_args="-o ProxyJump=bastion"), "bastion"),
        (HostAddress(name="a", ssh_args="-o 'ProxyJump bastion'"), "bastion"),
        (HostAddress(name="a", ssh_args="-F none -J me@bastion:22"), "me@bastion:22"),
        (HostAddress(name="a", ssh_args="-o ProxyJump=none"), "a:"),
        (HostAddress(name="a", ssh_args="-oProxyCommand='nc -x p %h %p'"), "nc -x p %h %p"),
        (HostAddress(name="a", connection="local"), ""),
        (HostAddress(name="a", testinfra_url="docker://a"), ""),
    ],
)
def test_what_a_connection_meets_first(address: HostAddress, expected: str) -> None:
    assert gateway(address) == expected


def test_a_real_server_with_few_places_at_the_door_lets_all_in(
    ssh_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    server = type(ssh_server)(tmp_path_factory.mktemp("crowded"), options=("MaxStartups 2:100:3",))
    server.start()
    try:
        hosts = {name: server.with_args(name=name) for name in NAMES[:10]}
        with HostPool(hosts, pace=Pace(at_once=10, per_gateway=10, patience=90)) as pool:
            pool.start(hosts)
            for name in hosts:
                assert pool.connect(name).run("echo %s", name).stdout == f"{name}\n"
            assert len(pool.figures.connected) == 10
            assert pool.figures.lost == {}
        assert server.connections == 10
        assert "MaxStartups" in server.log() or "drop connection" in server.log()
    finally:
        server.stop()


def test_one_deaf_host_does_not_hold_up_the_others(ssh_server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = HostAddress(name="mute", host="127.0.0.1", port=silent.getsockname()[1], ssh_args="-F none")
        hosts = {"mute": mute} | {name: ssh_server.with_args(name=name) for name in NAMES[:4]}
        with HostPool(hosts, connect_timeout=60) as pool:
            pool.start(hosts)
            for name in NAMES[:4]:
                assert pool.connect(name).run("true").rc == 0
            assert pool.figures.lost == {}
            silent.close()
            with pytest.raises(UnreachableError, match="mute"):
                pool.connect("mute")
            assert set(pool.figures.lost) == {"mute"}
