"""Fixtures that checks of several areas share; each area's conftest adds its own vocabulary.

The engine gives `target`, `host`, `evidence`, `inventory`, `connect`, `evaluated_at` and `workspace_path`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.standby import StandbyService
    from signoff.probes.postgres import Database
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def open_database(inventory: Inventory) -> Callable[..., Any]:
    """Return a context manager that opens a postgresql service by name, or a standby of it, read-only."""
    from dataclasses import replace

    from signoff.probes.postgres import Address, connect

    @contextmanager
    def open_(name: str, standby: StandbyService | None = None) -> Iterator[Database]:
        settings: Any = inventory.service(name)
        address = Address.of(settings)
        if standby:
            address = replace(address, host=standby.host, port=standby.port)
        with connect(address, settings.password.get_secret_value() if settings.password else "") as database:
            yield database

    return open_


@pytest.fixture
def database(target: BoundTarget, open_database: Callable[..., Any]) -> Iterator[Database]:
    """Return the current database, open for reading."""
    with open_database(target.name) as database:
        yield database
