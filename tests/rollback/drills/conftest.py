"""What checks of rollback rehearsals talk about: the newest one of this release, and the earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.importers.drills.trend import Trend


@pytest.fixture
def rehearsal(inventory: Inventory, rehearsal_of: Callable[[str], Any]) -> Any:
    """Return the newest rehearsal of a rollback of this release, in an environment where it counts."""
    from signoff import not_verified
    from signoff.importers.admissible import require_environment, require_release

    named: Any = inventory.services_of("drill_report")
    found = [name for name, limits in named.items() if limits.purpose == "rollback"]
    if not found:
        not_verified("no rehearsal of a rollback named; add a drill_report with purpose rollback to services.yaml")
    newest = max(map(rehearsal_of, found), key=lambda one: one.record.performed_at)
    require_release(newest.name, newest.record.commit, inventory.policy.commit)
    require_environment(newest.name, newest.record.environment, newest.limits.environments)
    return newest


@pytest.fixture
def rollback_trend(rehearsal: Any, workspace_path: Callable[[str], Path]) -> Trend:
    """Return the newest rehearsal beside the earlier ones."""
    from signoff import not_verified
    from signoff.importers.drills.trend import read_folder, trend

    if not rehearsal.limits.history:
        not_verified(f"{rehearsal.name}: no history named; keep earlier records in a folder and name it")
    return trend(rehearsal.record, read_folder(workspace_path(rehearsal.limits.history)))
