"""What training checks talk about: who is on call, and when each of them was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def on_call(target: BoundTarget, read_on_call: Callable[[str], Any]) -> Any:
    """Return the current roster."""
    return read_on_call(target.name)


@pytest.fixture
def trained(
    on_call: Any, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Mapping[str, datetime | None]:
    """Return, for everybody on call, when they were last trained; None: never."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file
    from signoff.importers.people.training import newest, read

    if not on_call.settings.training:
        not_verified(f"{on_call.name}: no training record named; write down who was trained and name the file")
    return newest(read(read_file(workspace_path(on_call.settings.training)), now=evaluated_at), on_call.shifts)
