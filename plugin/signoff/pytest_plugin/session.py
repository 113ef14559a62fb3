"""One pytest session with a checklist: loads the suite and registers the parts, by role (controller or worker)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from signoff.config.limits import narrowed_plan
from signoff.errors import ConfigError
from signoff.language import choose_language
from signoff.pytest_plugin.limit import Workers, answered, limit_of
from signoff.reports.plan import render_plan
from signoff.workspace import INVENTORY_VARIABLE, Workspace

if TYPE_CHECKING:
    from signoff.model import Language
    from signoff.pytest_plugin.hosts import Hosts
    from signoff.transport import HostPool


class SignoffSession:
    """What all parts share."""

    def __init__(self, config: pytest.Config, workspace: Workspace) -> None:
        self.config = config
        self.workspace = workspace
        self.limit = limit_of(config, workspace.inventory)
        self.language: Language = choose_language(config.getoption("signoff_lang"))
        self.started = datetime.now(UTC)

    @cached_property
    def hosts(self) -> Hosts:
        """Connections to hosts, opened on first use and shared by all checks of this process."""
        from signoff.pytest_plugin.hosts import Hosts  # noqa: PLC0415 - hosts are not part of every run

        return Hosts(self.workspace.inventory, self.config, self.limit)

    @property
    def pool(self) -> HostPool:
        """Connections by name."""
        return self.hosts.pool

    def take_notices(self) -> list[str]:
        """Return, once each, what must be seen beside a check's result; see `Hosts.take_notices`."""
        return self.hosts.take_notices() if "hosts" in self.__dict__ else []

    def close(self) -> None:
        """Close connections; safe to call twice."""
        if "hosts" in self.__dict__:
            self.hosts.close()


def start(config: pytest.Config) -> None:
    """Load the suite for this session and register the plugin's parts.

    Raises:
        pytest.UsageError: the configuration has mistakes; the text lists all of them.
    """
    from signoff.pytest_plugin import SESSION, collection, fixtures, outcomes  # noqa: PLC0415 - avoids a cycle

    for name in ("setupplan", "setuponly"):
        if config.getoption(name, default=False):
            option = f"--{name.replace('setup', 'setup-')}"
            raise pytest.UsageError(f"{option} runs no check, and pytest calls that passed; use --signoff-plan")
    workspace = _load(config)
    session = SignoffSession(config, workspace)
    config.stash[SESSION] = session
    manager = config.pluginmanager
    manager.register(collection.Collection(session), "signoff-collection")
    manager.register(outcomes.Outcomes(session), "signoff-outcomes")
    manager.register(fixtures, "signoff-fixtures")
    if workspace.inventory.hosts and not _only_lists(config):
        _register_hosts(config, session)
    if manager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        from signoff.pytest_plugin.distribution import Distribution  # noqa: PLC0415 - imports pytest-xdist

        manager.register(Workers(workspace.inventory, session.limit), "signoff-workers")
        manager.register(Distribution(), "signoff-distribution")
    if not hasattr(config, "workerinput") and not _only_lists(config):
        from signoff.pytest_plugin import registration  # noqa: PLC0415 - workers never report

        registration.register(config, session)


def _register_hosts(config: pytest.Config, session: SignoffSession) -> None:
    """Register what connects to hosts early and asks ahead; on the controller also what adds it up."""
    from signoff.pytest_plugin.answers_ahead import AnswersAhead  # noqa: PLC0415 - hosts are not part of every run
    from signoff.pytest_plugin.host_summary import HostSummary  # noqa: PLC0415
    from signoff.pytest_plugin.hosts import SharedFolder  # noqa: PLC0415
    from signoff.pytest_plugin.questions import NAME, QuestionFile, Remembered  # noqa: PLC0415

    workspace, manager = session.workspace, config.pluginmanager
    codes = {check: source.sha256 for (_, check), source in workspace.sources.items()}
    file = QuestionFile(workspace.reports / NAME, codes, lambda text: workspace.redact(text) != text)
    remembered = file.read() if session.hosts.ahead is not None else Remembered()
    tests = AnswersAhead(session.hosts, remembered)
    manager.register(tests, "signoff-answers-ahead")
    if not hasattr(config, "workerinput"):
        kept = file if session.hosts.ahead is not None else None
        summary = HostSummary(tests, kept, remembered, session.language, workspace.redact)
        manager.register(summary, "signoff-host-summary")
        if manager.hasplugin("xdist"):
            manager.register(SharedFolder(), "signoff-shared-folder")


def _only_lists(config: pytest.Config) -> bool:
    """Whether pytest was asked for a list, and not for a run."""
    option = config.option
    return bool(option.collectonly or option.markers or option.showfixtures or option.show_fixtures_per_test)


def print_plan(config: pytest.Config) -> None:
    """Print what the selected part of the checklist would run and touch."""
    from signoff.pytest_plugin.collection import selection  # noqa: PLC0415 - avoids a cycle

    workspace = _load(config)
    language = choose_language(config.getoption("signoff_lang"))
    limit = limit_of(config, workspace.inventory)
    scope = selection(workspace, config, limit)
    checklist, planned = workspace.checklist, workspace.planned
    if limit is not None:
        checklist, planned = narrowed_plan(checklist, planned, scope, limit)
    print(render_plan(checklist, planned, scope, language))  # noqa: T201 - the option's answer


def _load(config: pytest.Config) -> Workspace:
    try:
        return Workspace.load(
            config.rootpath,
            inventory=config.getoption("inventory")
            or os.environ.get(INVENTORY_VARIABLE)
            or config.getini("signoff_inventory"),
            checklist=config.getini("signoff_checklist"),
            reports=config.getini("signoff_reports"),
            answered=answered(config),
        )
    except ConfigError as error:
        raise pytest.UsageError(f"the suite's configuration has mistakes:\n{error}") from None
