"""One pytest session with a checklist: loads the suite and registers the parts, by role (controller or worker)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from signoff.errors import ConfigError
from signoff.language import choose_language
from signoff.reports.plan import render_plan
from signoff.workspace import INVENTORY_VARIABLE, Workspace

if TYPE_CHECKING:
    from signoff.model import Language
    from signoff.transport import HostPool


class SignoffSession:
    """What all parts share."""

    def __init__(self, config: pytest.Config, workspace: Workspace) -> None:
        self.config = config
        self.workspace = workspace
        self.language: Language = choose_language(config.getoption("signoff_lang"))
        self.started = datetime.now(UTC)
        self._pool: HostPool | None = None

    @property
    def pool(self) -> HostPool:
        """Connections to hosts, opened on first use and shared by all checks of this process."""
        if self._pool is None:
            from signoff.pytest_plugin.hosts import host_pool  # noqa: PLC0415 - hosts are not part of every run

            self._pool = host_pool(self.workspace.inventory)
        return self._pool

    def close(self) -> None:
        """Close connections; safe to call twice."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def start(config: pytest.Config) -> None:
    """Load the suite for this session and register the plugin's parts.

    Raises:
        pytest.UsageError: the configuration has mistakes; the text lists all of them.
    """
    from signoff.pytest_plugin import SESSION, collection, fixtures, outcomes  # noqa: PLC0415 - avoids a cycle

    if config.getoption("hosts", None):
        raise pytest.UsageError("--hosts has no effect on a checklist run: the inventory names the hosts")
    workspace = _load(config)
    session = SignoffSession(config, workspace)
    config.stash[SESSION] = session
    manager = config.pluginmanager
    manager.register(collection.Collection(session), "signoff-collection")
    manager.register(outcomes.Outcomes(session), "signoff-outcomes")
    manager.register(fixtures, "signoff-fixtures")
    if not hasattr(config, "workerinput") and not _only_lists(config):
        from signoff.pytest_plugin import controller  # noqa: PLC0415 - workers never report

        controller.register(config, session)


def _only_lists(config: pytest.Config) -> bool:
    """Whether pytest was asked for a list, and not for a run."""
    option = config.option
    return bool(option.collectonly or option.markers or option.showfixtures or option.show_fixtures_per_test)


def print_plan(config: pytest.Config) -> None:
    """Print what the selected part of the checklist would run and touch."""
    from signoff.pytest_plugin.collection import selection  # noqa: PLC0415 - avoids a cycle

    workspace = _load(config)
    language = choose_language(config.getoption("signoff_lang"))
    scope = selection(workspace, config)
    print(render_plan(workspace.checklist, workspace.planned, scope, language))  # noqa: T201 - the option's answer


def _load(config: pytest.Config) -> Workspace:
    try:
        return Workspace.load(
            config.rootpath,
            inventory=config.getoption("inventory")
            or os.environ.get(INVENTORY_VARIABLE)
            or config.getini("signoff_inventory"),
            checklist=config.getini("signoff_checklist"),
            reports=config.getini("signoff_reports"),
        )
    except ConfigError as error:
        raise pytest.UsageError(f"the suite's configuration has mistakes:\n{error}") from None
