"""Talking to the shop of the embedded environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.demo.exercises.traffic import Visitor, front, instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.demo.layout import Layout


@pytest.fixture
def visitor(demo: Layout) -> Iterator[Visitor]:
    """Somebody who comes through the load balancer."""
    found = Visitor(front(demo), str(demo.ca_file))
    yield found
    found.close()


@pytest.fixture
def app1(demo: Layout) -> Iterator[Visitor]:
    """Somebody behind the load balancer who talks to the instance on app1; Secure cookies do not travel here."""
    found = Visitor(instance(demo, "app1"))
    yield found
    found.close()


@pytest.fixture
def customer(demo: Layout) -> Iterator[Callable[[str, str], Visitor]]:
    """Log somebody in, by address and name of the password."""
    opened: list[Visitor] = []

    def log_in(email: str = "alice@example.test", password: str = "customer") -> Visitor:
        found = Visitor(front(demo), str(demo.ca_file))
        opened.append(found)
        answer = found.post("/api/login", {"email": email, "password": demo.password(password)})
        assert answer.status_code == 200, answer.text
        return found

    yield log_in
    for one in opened:
        one.close()
