"""What all performance checks talk about: load tests, whichever tool ran them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.load_report import LoadFiles
    from signoff.importers.runs.load_test import LoadTest
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def read_load(workspace_path: Callable[[str], Path]) -> Callable[[LoadFiles], LoadTest]:
    """Return a function that reads what a load test's tool left behind, whichever it was."""
    from zoneinfo import ZoneInfo

    from signoff.importers.runs.jmeter import Layout
    from signoff.importers.runs.load import read

    def read_(settings: LoadFiles) -> LoadTest:
        jmeter = settings.jmeter
        return read(
            settings.tool,
            results=workspace_path(settings.stats),
            note=workspace_path(settings.context),
            history=workspace_path(settings.history) if settings.history else None,
            failures=workspace_path(settings.failures) if settings.failures else None,
            assertions=workspace_path(settings.assertions) if settings.assertions else None,
            layout=Layout(
                columns=jmeter.columns,
                delimiter=jmeter.delimiter,
                timestamp=jmeter.timestamp,
                timezone=ZoneInfo(jmeter.timezone),
            ),
        )

    return read_


@pytest.fixture
def load_test(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, read_load: Callable[[LoadFiles], LoadTest]
) -> LoadTest:
    """Return the current load test, if it may be used at all: this release, recent, the right target, not saturated."""
    from signoff.importers.admissible import require_recent, require_release

    limits: LoadFiles = target.settings
    load_test = read_load(limits)
    require_release(target.name, load_test.commit, inventory.policy.commit)
    require_recent(target.name, load_test.finished, evaluated_at, limits.max_age)
    load_test.require(
        target=limits.target, min_requests=limits.min_requests, generator_cpu_ratio=limits.generator_cpu_ratio
    )
    return load_test
