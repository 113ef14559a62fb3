"""The limit of open files is raised as far as it is needed and allowed, and never lowered."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from signoff.transport import HostAddress, HostPool
from signoff.transport.open_files import make_room

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = resource.RLIMIT_NOFILE


@pytest.fixture
def hard() -> Iterator[int]:
    """Start with a soft limit as ordinary systems have it; return the hard one."""
    before = resource.getrlimit(_FILES)
    if before[1] != resource.RLIM_INFINITY and before[1] < 4096:
        pytest.skip(f"this process may open {before[1]} files at most; raise its hard limit")
    resource.setrlimit(_FILES, (1024, before[1]))
    yield before[1]
    resource.setrlimit(_FILES, before)


def _soft() -> int:
    return resource.getrlimit(_FILES)[0]


def test_few_connections_change_nothing(hard: int) -> None:
    assert hard
    make_room(100)
    assert _soft() == 1024


def test_many_connections_get_room(hard: int) -> None:
    assert hard
    with HostPool({f"h{n}": HostAddress(name=f"h{n}") for n in range(700)}):
        assert _soft() > 3 * 700


def test_no_more_than_the_system_allows(hard: int) -> None:
    if hard == resource.RLIM_INFINITY:
        pytest.skip("nothing is too much here: the hard limit is unlimited")
    make_room(10**9)
    assert _soft() == hard
    make_room(1)
    assert _soft() == hard
