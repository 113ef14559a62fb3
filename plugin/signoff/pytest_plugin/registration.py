"""What the controller registers beside the plugin: the run's controller, and the reports of other plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.artifacts import Artifacts, background_of
from signoff.pytest_plugin.controller import Controller
from signoff.pytest_plugin.junit import CrashedTests

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from signoff.pytest_plugin.session import SignoffSession


def register(config: pytest.Config, session: SignoffSession) -> None:
    """Switch the reports on, and register what records, shows and judges this run."""
    artifacts = Artifacts.at(session.workspace, session.started)
    _own_the_output(config, artifacts)
    controller = Controller(session, artifacts)
    config.pluginmanager.register(controller, "signoff-controller")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Distributed(controller), "signoff-distributed")
        crashed = CrashedTests(config, controller.attempts, session.workspace.checklist)
        config.pluginmanager.register(crashed, "signoff-crashed-tests")
    if config.pluginmanager.hasplugin("html"):
        from signoff.pytest_plugin.run_report import RunReport  # noqa: PLC0415 - only where pytest-html is

        report = RunReport(
            config,
            path=artifacts.run_report,
            headline=controller.headline,
            redact=session.workspace.redact,
            log_limit=int(config.getini("signoff_html_log_limit")),
            language=session.language,
            page=artifacts.page.name,
            background=background_of(session.workspace),
        )
        config.pluginmanager.register(report, "signoff-run-report")


def _own_the_output(config: pytest.Config, artifacts: Artifacts) -> None:
    """Keep what the user asked for; elsewhere show facts instead of tracebacks, and write JUnit."""
    option = config.option
    if getattr(option, "tbstyle", "") == "auto":  # absent with `-p no:terminal`
        option.tbstyle = "no"  # pytest's own failure section costs quadratic time; ours follows the verdict
    if getattr(option, "reportchars", "") == "fE":
        option.reportchars = ""
    if not getattr(option, "xmlpath", "-"):
        option.xmlpath = str(artifacts.junit)
    option.continue_on_collection_errors = True  # one team's broken file must not hide the others' evidence


class _Distributed:
    """What only pytest-xdist tells: registered only where it is installed."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Start the run's record with the cells that the workers collected."""
        self._controller.begin(ids)
