"""Fixtures that every check may use; each area's conftest adds its own vocabulary.

The engine gives `target`, `evidence`, `inventory`, `connect`, `evaluated_at` and `workspace_path`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def host(target: BoundTarget, connect: Callable[[str], Any]) -> Any:
    """Return testinfra's `Host` for the current target, over the inventory's connection."""
    return connect(target.name)
