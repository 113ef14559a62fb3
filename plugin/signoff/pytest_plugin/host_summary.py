"""The controller's part for hosts: adds up what all processes did, says it once, and keeps what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.pytest_plugin.answers_ahead import FIGURES
from signoff.pytest_plugin.hosts import HostFigures
from signoff.reports.messages import Messages
from signoff.transport.ahead.upcoming import Asker

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Language
    from signoff.pytest_plugin.answers_ahead import AnswersAhead
    from signoff.pytest_plugin.questions import QuestionFile, Remembered
    from signoff.pytest_plugin.session import SignoffSession


class HostSummary:
    """One line about hosts at the end of a run, and one for each that was lost.

    Args:
        tests: The hosts' part of this process, which runs no tests with pytest-xdist.
        file: Where questions are kept; None: answers ahead are switched off.
        remembered: What was in the file.
        language: Of what is said.
        redact: Masks secrets.
    """

    def __init__(
        self,
        tests: AnswersAhead,
        file: QuestionFile | None,
        remembered: Remembered,
        language: Language,
        redact: Callable[[str], str],
    ) -> None:
        self._tests = tests
        self._file = file
        self._problem = remembered.problem
        self._language: Language = language
        self._redact = redact
        self._figures = HostFigures()
        self._asks: dict[Asker, dict[str, tuple[str, ...]]] = {}
        self._changing: set[str] = set()

    def pytest_report_header(self) -> list[str]:
        """Say why questions of the last run cannot be used."""
        return [self._problem] if self._problem else []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what a worker says at its end; one that crashed says nothing."""
        output = getattr(node, "workeroutput", None) or {}
        if FIGURES in output:
            self._add(output[FIGURES])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Add what this process did, and keep what was asked."""
        self._add(self._tests.report())
        if self._file is not None and self._asks:
            self._file.write(self._asks, self._changing)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say it."""
        figures, say = self._figures, Messages(self._language)
        if figures.hosts or figures.lost:
            terminalreporter.write_line(
                say(
                    "terminal.hosts",
                    n=len(figures.hosts),
                    connections=figures.connections,
                    sent=figures.sent,
                    used=figures.used,
                )
            )
        for name, reason in sorted(figures.lost.items()):
            text = reason.removeprefix(f"{name}: ")
            terminalreporter.write_line(self._redact(say("terminal.host_lost", host=name, reason=text)), red=True)

    def _add(self, report: dict[str, Any]) -> None:
        self._figures.add(report)
        self._changing.update(report["changing"])
        for check, target, asked in report["asks"]:
            self._asks[Asker(check, target)] = {host: tuple(texts) for host, texts in asked.items()}


def reached(session: SignoffSession, config: pytest.Config) -> Callable[[], tuple[int, int]]:
    """Return what counts the hosts that answered so far and those that are lost, in all processes of this machine."""
    shared = config.pluginmanager.getplugin("signoff-shared-folder")
    if shared is not None and config.pluginmanager.hasplugin("dsession"):
        return lambda: shared.reached
    return lambda: session.hosts.reached if "hosts" in vars(session) else (0, 0)
