"""Talk to the shop as its users do: through the load balancer, with TLS verified."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from signoff.demo.layout import Layout

TIMEOUT_SECONDS = 30.0
"""Whatever does not answer at all is refused at once: a slow answer is no missing one."""


def front(layout: Layout) -> str:
    """Return the address that users call."""
    return f"https://localhost:{layout.port('https')}"


def instance(layout: Layout, port: str) -> str:
    """Return the address of one instance (`app1`, `app1_green`, …), behind the load balancer."""
    return f"http://127.0.0.1:{layout.port(port)}"


class Visitor:
    """One visitor of one address, with cookies of their own."""

    def __init__(self, base: str, ca_file: str | None = None) -> None:
        self._base = base
        self._session = requests.Session()
        self._session.trust_env = False
        if ca_file is not None:
            self._session.verify = ca_file

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Send a GET."""
        return self._session.get(self._base + path, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)

    def post(self, path: str, data: Any = None) -> requests.Response:
        """Send a POST with a JSON body."""
        return self._session.post(self._base + path, json=data, timeout=TIMEOUT_SECONDS, allow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


@dataclass(slots=True)
class Watch:
    """Asks an address without pause while something is done to what is behind it, and notes every failure."""

    visitor: Visitor
    path: str
    asked: int = 0
    failed: int = 0
    last_instance: str = ""
    downtime_seconds: float = 0.0
    """Longest time between two good answers with a failure in between; 0 if there was no failure."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start asking."""
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop asking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.visitor.close()

    def wait_for_answers(self, count: int, *, seconds: float) -> None:
        """Wait until that many more requests were answered or refused, or until the time is over."""
        deadline, wanted = time.monotonic() + seconds, self.asked + count
        while self.asked < wanted and time.monotonic() < deadline:
            time.sleep(0.005)

    def wait_for(self, instance_suffix: str, *, green: bool, seconds: float) -> bool:
        """Wait until an instance of the wanted colour answers; return whether one did."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.last_instance and self.last_instance.endswith(instance_suffix) is green:
                return True
            time.sleep(0.002)
        return False

    def _ask(self) -> None:
        last_good, broken = time.monotonic(), False
        while not self._stop.is_set():
            self.asked += 1
            try:
                answer = self.visitor.get(self.path)
                good = answer.status_code == requests.codes.ok
            except requests.RequestException:
                good = False
            now = time.monotonic()
            if good:
                if broken:
                    self.downtime_seconds = max(self.downtime_seconds, now - last_good)
                last_good, broken = now, False
                self.last_instance = answer.json()["instance"]
            else:
                self.failed += 1
                broken = True
            time.sleep(0.005)
