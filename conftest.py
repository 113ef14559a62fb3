"""Fixtures that checks of several areas share; each area's conftest adds its own vocabulary.

The engine gives `target`, `host`, `evidence`, `inventory`, `connect`, `evaluated_at` and `workspace_path`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.cloud import CloudService
    from signoff.config.kinds.standby import StandbyService
    from signoff.probes.aws.session import AwsSession
    from signoff.probes.cloud.model import Cloud
    from signoff.probes.postgres.database import Database
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def open_database(inventory: Inventory) -> Callable[..., Any]:
    """Return a context manager that opens a postgresql service by name, or a standby of it, read-only."""
    from dataclasses import replace

    from signoff.probes.postgres.database import Address, connect

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


@dataclass(frozen=True, kw_only=True)
class CheckedCloud:
    """An account or cluster that was proved to be the inventory's, and a way to read it."""

    name: str
    settings: CloudService
    reader: Cloud


@pytest.fixture(scope="session")
def opened_clouds() -> Iterator[dict[str, Cloud]]:
    """Return the clouds that are open, by name: each is proved and opened once for a run."""
    opened: dict[str, Cloud] = {}
    yield opened
    for each in opened.values():
        each.close()


@pytest.fixture
def cloud(
    target: BoundTarget,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
    opened_clouds: dict[str, Cloud],
) -> CheckedCloud:
    """Return the current cloud, open for reading."""
    from signoff.probes.cloud.open import open_cloud

    if target.name not in opened_clouds:
        opened_clouds[target.name] = open_cloud(target.settings, now=evaluated_at, find=workspace_path)
    return CheckedCloud(name=target.name, settings=target.settings, reader=opened_clouds[target.name])


@pytest.fixture
def open_aws_account(inventory: Inventory) -> Callable[[str], AwsSession]:
    """Return a function that opens a cloud of Amazon's by name; the session is a context manager."""
    from signoff import not_verified
    from signoff.probes.aws.session import open_aws
    from signoff.probes.cloud.open import aws_access

    def open_(name: str) -> AwsSession:
        settings: Any = inventory.service(name)
        if settings.kind != "cloud" or settings.provider != "aws":
            not_verified(f"{name} is no cloud of provider aws; name one")
        return open_aws(aws_access(settings))

    return open_
