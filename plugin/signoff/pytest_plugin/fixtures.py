"""Fixtures of the engine; a suite's conftest files build its own vocabulary on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.pytest_plugin import SESSION
from signoff.pytest_plugin.outcomes import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundTarget:
    """The host or service that the current check asks."""

    name: str
    kind: str
    address: str
    settings: Any
    """`HostSettings` for a host, else the model of the service's kind."""


class Evidence:
    """Keeps what a check saw, for the cell of the running test."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self._kept = kept

    def __call__(self, *, observed: object = None, expected: object = None, inspected: int | None = None) -> None:
        """Record what was observed, what was expected, and how many objects were looked at.

        Call it before asserting, so that a failure shows it too. A later call replaces only what it names.
        A check that passes with `inspected=0` has seen nothing: its cell is NOT_VERIFIED.
        """
        if inspected is not None and (type(inspected) is not int or inspected < 0):
            raise TypeError(f"evidence(inspected=…) takes a count of objects, not {type(inspected).__name__}")
        given = {"observed": observed, "expected": expected, "inspected": inspected}
        self._kept.update({key: value for key, value in given.items() if value is not None})


@pytest.fixture(scope="session")
def inventory(pytestconfig: pytest.Config) -> Inventory:
    """Return the environment under check."""
    return pytestconfig.stash[SESSION].workspace.inventory


@pytest.fixture(scope="session")
def evaluated_at(pytestconfig: pytest.Config) -> datetime:
    """Return the one instant (UTC) at which ages are judged in this run."""
    return pytestconfig.stash[SESSION].started


@pytest.fixture(scope="session")
def workspace_path(inventory: Inventory) -> Callable[[str], Path]:
    """Return a function that finds a file named in the inventory (relative to the inventory's folder)."""
    return lambda name: (inventory.folder / name).resolve()


@pytest.fixture(scope="session")
def keep_file(pytestconfig: pytest.Config) -> Callable[[str, bytes], str]:
    """Return a function that keeps a file beside the reports and returns its name there and its digest, for evidence.

    Folders `reports/<env>/files/<start of the run>/`; a later file of the same name and run replaces the earlier one.
    What is text must not contain secrets: it is written as it is.
    """
    from signoff.store.atomic import write_atomic  # noqa: PLC0415 - few checks keep files

    session = pytestconfig.stash[SESSION]
    folder = session.workspace.reports / "files" / f"{session.started:%Y%m%dT%H%M%SZ}"

    def keep(name: str, content: bytes) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / name, content)
        return f"files/{folder.name}/{name} (sha256 {hashlib.sha256(content).hexdigest()[:16]}…)"

    return keep


@pytest.fixture(scope="session")
def connect(pytestconfig: pytest.Config) -> Callable[[str], Any]:
    """Return a function from host name to testinfra `Host`; connections are shared and closed at the end.

    A limited run may not ask other hosts: a check that needs one of them is not verified.
    """
    session = pytestconfig.stash[SESSION]

    def connect_(name: str) -> Any:
        limit = session.limit
        if limit is not None and name not in limit.hosts and name in session.workspace.inventory.hosts:
            raise NotVerifiedError(f"this run may not ask {name} ({limit.text}); run the check without that limit")
        return session.pool.connect(name)

    return connect_


@pytest.fixture
def target(request: pytest.FixtureRequest, inventory: Inventory) -> BoundTarget:
    """Return the target of the current cell."""
    found = inventory.target(request.param)
    settings = inventory.hosts[found.name].settings if found.kind == "host" else inventory.service(found.name)
    return BoundTarget(name=found.name, kind=found.kind, address=found.address, settings=settings)


@pytest.fixture
def host(target: BoundTarget, connect: Callable[[str], Any]) -> Any:
    """Return testinfra's `Host` for the current target.

    Stands here and not in a suite: testinfra's own fixture of this name would quietly ask the local machine.
    """
    return connect(target.name)


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Return the recorder of this check's evidence."""
    return Evidence(request.node.stash.setdefault(EVIDENCE, {}))
