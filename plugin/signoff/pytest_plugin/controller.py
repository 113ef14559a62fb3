"""The controller's part: journal every observation as it arrives, judge at the end, decide the exit status."""

from __future__ import annotations

import os
import platform
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
from ulid import ULID

from signoff.errors import IntegrityError, StoreError
from signoff.model import HostsAsked, Run, RunClosed, Verdict
from signoff.pytest_plugin.attempts import Attempts
from signoff.pytest_plugin.ci import service_of
from signoff.pytest_plugin.closing import Screen, has_leaks
from signoff.pytest_plugin.collection import narrowed, selection
from signoff.pytest_plugin.host_summary import reached
from signoff.pytest_plugin.progress import Progress
from signoff.pytest_plugin.run_facts import git_revision, selector, user

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from signoff.artifacts import Artifacts
    from signoff.model import LedgerCheckpoint, Observation, Signoff
    from signoff.pytest_plugin.session import SignoffSession
    from signoff.store.base import RunWriter

_OWN_STATUS = {
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.INTERNAL_ERROR,
    pytest.ExitCode.USAGE_ERROR,
}
"""pytest's own ends, which are never overwritten by a verdict."""


class Controller:
    """One run: its journal, its decision and its exit status."""

    def __init__(self, session: SignoffSession, artifacts: Artifacts) -> None:
        self._session = session
        self._workspace = session.workspace
        self._config = session.config
        self._artifacts = artifacts
        self._screen = Screen(session.config)
        self._scope: frozenset[str] | None = None
        self._journal: RunWriter | None = None
        self._watches = False
        """Whether this run is no evidence, but looks after a release that is being signed."""
        self._run_id = str(ULID.from_datetime(session.started))
        self.attempts = Attempts(self._workspace, self._run_id, platform.node())
        self._broken: dict[str, tuple[Observation, ...]] = {}
        """Modules that could not be collected, and what that says of their cells."""
        self._stray_failure = False
        """Whether something failed that is no check: no cell tells of it, so the exit status must."""
        self._before_sigterm: Any = None
        self._progress: Progress | None = None
        checklist = str(self._config.getini("signoff_checklist"))
        self._service = service_of(os.environ, self._workspace, artifacts, session.language, checklist)
        self.signoff: Signoff | None = None

    # --- recording ----------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Refuse a wrong selection; let a polite end (SIGTERM) leave a closed journal and a report, as Ctrl-C does."""
        self._scope = selection(self._workspace, self._config, self._session.limit)
        for line in self._service.begin() if self._service is not None else ():
            self._screen.show(line)
        if threading.current_thread() is threading.main_thread():
            self._before_sigterm = signal.signal(signal.SIGTERM, _interrupt)

    def pytest_unconfigure(self) -> None:
        """Tell the CI service around us, and give the signal back to whoever had it."""
        for line in self._service.end(self.signoff) if self._service is not None else ():
            self._screen.show(line)
        if self._before_sigterm is not None:
            signal.signal(signal.SIGTERM, self._before_sigterm)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the run's record with the cells that were collected here."""
        if not self._config.pluginmanager.hasplugin("dsession"):
            self.begin([test.nodeid for test in session.items])

    def begin(self, nodeids: Sequence[str] = ()) -> None:
        """Open the journal for the tests that were collected, once."""
        if self._journal is not None:
            return
        cells = [cell for nodeid in nodeids if (cell := self.attempts.cell_of(nodeid)) is not None]
        planned = tuple(dict.fromkeys(cells))
        errors = [each for broken in self._broken.values() for each in broken]
        if self._scope is None and (narrowed(self._config) or self._session.limit is not None):
            # An item whose check has no target is part of the selection all the same: it keeps it incomplete.
            items = {item for nodeid in nodeids if (item := self.attempts.item_of(nodeid)) is not None}
            self._scope = frozenset(items | {error.cell.item for error in errors})
        policy = self._workspace.inventory.policy
        run = Run(
            id=self._run_id,
            environment=policy.environment,
            release=policy.release,
            selector=selector(self._config),
            planned=planned,
            started=self._session.started,
            controller=platform.node(),
            user=user(),
            git_revision=git_revision(self._workspace.root),
            stream=self._stream(),
            ledgers=self._ledgers(),
        )
        self._watches = run.stream == "monitor"
        self._journal = self._workspace.store.begin_run(run)
        self._progress = Progress(
            self._config, self._workspace, planned, self._session.language, reached(self._session, self._config)
        )
        for error in errors:
            self._record(error)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note an error in each cell of a module that cannot be collected."""
        path = report.nodeid.partition("::")[0]
        if report.failed and path not in self._broken:
            reason = f"{path} could not be collected: {_last_line(str(report.longrepr))}"
            found = tuple(self.attempts.broken_module(path, reason, datetime.now(UTC)))
            if (limit := self._session.limit) is not None:
                found = tuple(seen for seen in found if seen.cell.target in limit.hosts)
            self._broken[path] = found
            self._stray_failure |= not found
            for observation in found if self._journal is not None else ():
                self._record(observation)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what begins."""
        cell = self.attempts.cell_of(nodeid)
        if cell is not None and self._progress is not None:
            self._progress.begin(cell)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Journal what the report completes."""
        self.begin()
        self._stray_failure |= report.failed and self.attempts.item_of(report.nodeid) is None
        for observation in self.attempts.feed(report):
            self._record(observation)

    def _record(self, observation: Observation) -> None:
        assert self._journal is not None
        self._journal.append(observation)
        if self._progress is not None:
            self._progress.show(observation)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count as pytest does, but print no letters: the progress line says more."""
        verbose = self._config.get_verbosity() > 0
        if verbose or not (hasattr(report, "signoff") or report.skipped):
            return None
        outcome: str = "error" if report.failed and report.when != "call" else report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if report.skipped else "xpassed"
        elif report.passed and report.when != "call":
            return "", "", ""
        return outcome, "", ""

    # --- judging ------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Close the journal, judge, let the other reporters write, and make sure that no secret got out."""
        if self._progress is not None:
            self._progress.close()
        if exitstatus not in {pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}:
            self.begin()
        if self._journal is not None:
            self._end(self._journal, interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            session.exitstatus = self._judge(exitstatus)
        result = yield
        if self.signoff is not None:
            self._artifacts.write(self._workspace, self.signoff, self._session.language)
            self._screen.conclude(self._session, self._artifacts, self.signoff, watches=self._watches)
            journals = list(self._journal.files) if self._journal is not None else []
            if has_leaks(self._session, self._artifacts, journals, self._screen):
                session.exitstatus = Verdict.INVALID.exit_status
        return result

    def _end(self, journal: RunWriter, *, interrupted: bool) -> None:
        """Close the journal, and note in the ledger how it ended, so that it cannot vanish unnoticed."""
        now = datetime.now(UTC)
        journal.close(now, interrupted=interrupted)
        end = journal.checkpoint
        closed = RunClosed(run=end.run, seq=end.seq, sha256=end.sha256)
        try:
            self._workspace.store.record(closed, at=now, by=user())
        except (IntegrityError, StoreError) as error:
            self._screen.warn(f"the ledger does not know of this run's end: {error}")
        for warning in journal.warnings:
            self._screen.warn(warning)

    def _judge(self, status: int) -> int:
        """Judge, and return the exit status; evidence that cannot be read now cannot be judged."""
        try:
            self.signoff = replace(
                self._workspace.evaluate(datetime.now(UTC), scope=self._scope, compare=True), asked=self._asked()
            )
            return self._exit_status(status)
        except StoreError as error:
            self._screen.warn(f"cannot be judged now: {error}")
            return status if status in _OWN_STATUS else Verdict.INVALID.exit_status

    def _asked(self) -> HostsAsked | None:
        limit = self._session.limit
        if limit is None:
            return None
        return HostsAsked(pattern=limit.text, hosts=limit.hosts, total=len(self._workspace.inventory.hosts))

    def _ledgers(self) -> tuple[LedgerCheckpoint, ...]:
        try:
            return self._workspace.store.ledger().checkpoints
        except StoreError:
            return ()

    def _stream(self) -> Literal["recorded", "monitor"]:
        if self._config.getoption("signoff_record"):
            return "recorded"
        try:
            return self._workspace.stream(self._session.started)
        except StoreError as error:  # who signed is not known now; what is seen is evidence all the same
            self._screen.warn(str(error))
            return "recorded"

    def headline(self) -> Signoff | None:
        """Return the decision, once it is there."""
        return self.signoff

    def _exit_status(self, status: int) -> int:
        gate = self._config.getoption("signoff_gate")
        if status in _OWN_STATUS or gate == "off" or self.signoff is None:
            return status
        judged = self.signoff
        if gate == "full" and self._scope is not None:
            judged = self._workspace.evaluate(judged.evaluated_at)
        return judged.verdict.exit_status or (status if self._stray_failure else 0)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "unknown reason"
