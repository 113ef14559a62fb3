"""What checks of patches talk about: updates that wait, restarts that wait, and the release itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.probes.hosts.os_release import OsRelease
    from signoff.probes.hosts.restarts import RestartFacts
    from signoff.probes.hosts.updates.waiting import UpdateFacts
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def updates(target: BoundTarget, connect: Callable[[str], Any], evaluated_at: datetime) -> UpdateFacts:
    """Return what the current host's package manager knows of updates, if its lists are young enough to tell."""
    from signoff import not_verified
    from signoff.probes.hosts.updates.waiting import read_updates

    found, limit = read_updates(connect(target.name)), target.settings.patches.list_age
    age = evaluated_at - found.listed_at
    if age > limit:
        not_verified(
            f"{target.name}: the lists of packages are {age.total_seconds() / 3600:.0f} hours old, which says nothing"
            f" about what is missing (limit {limit.total_seconds() / 3600:.0f}); fetch them, then check again"
        )
    return found


@pytest.fixture
def restarts(target: BoundTarget, connect: Callable[[str], Any]) -> RestartFacts:
    """Return what waits for a restart on the current host."""
    from signoff.probes.hosts.restarts import read_restarts

    return read_restarts(connect(target.name), target.settings.sudo)


@pytest.fixture
def os_release(target: BoundTarget, connect: Callable[[str], Any]) -> OsRelease:
    """Return which release of which distribution the current host runs."""
    from signoff.probes.hosts.os_release import read_os_release

    return read_os_release(connect(target.name))
