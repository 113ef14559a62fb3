"""One pytest session with a checklist: loads the suite and registers the parts, by role (controller or worker)."""

from __future__ import annotations

import locale
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from signoff.errors import ConfigError
from signoff.workspace import Workspace

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
    try:
        workspace = Workspace.load(
            config.rootpath,
            inventory=config.getoption("inventory"),
            checklist=config.getini("signoff_checklist"),
            reports=config.getini("signoff_reports"),
        )
    except ConfigError as error:
        raise pytest.UsageError(f"the suite's configuration has mistakes:\n{error}") from None
    session = SignoffSession(config, workspace)
    config.stash[SESSION] = session
    manager = config.pluginmanager
    manager.register(collection.Collection(session), "signoff-collection")
    manager.register(outcomes.Outcomes(session), "signoff-outcomes")
    manager.register(fixtures, "signoff-fixtures")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        from signoff.pytest_plugin import controller  # noqa: PLC0415 - workers never report

        controller.register(config, session)


def choose_language(option: str | None) -> Language:
    """Return the language asked for, else the one of the locale, else English."""
    if option in {"ko", "en"}:
        return "ko" if option == "ko" else "en"
    names = (os.environ.get("LC_ALL"), os.environ.get("LC_MESSAGES"), os.environ.get("LANG"), locale.getlocale()[0])
    chosen = next((name for name in names if name), "")
    return "ko" if chosen.lower().startswith("ko") else "en"
