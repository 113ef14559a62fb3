"""What a run leaves behind when it ends: the closing block on the screen, and no secret in any file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.artifacts import closing_block
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from signoff.artifacts import Artifacts
    from signoff.model import Signoff
    from signoff.pytest_plugin.session import SignoffSession


class Screen:
    """The terminal of a run; without one (`-p no:terminal`) nothing is shown."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def show(self, text: str, *, red: bool = False) -> None:
        """Write a line."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(text, red=red)

    def warn(self, text: str) -> None:
        """Write a line in red."""
        self.show(text, red=True)

    def conclude(self, session: SignoffSession, artifacts: Artifacts, signoff: Signoff, *, watches: bool) -> None:
        """Show the decision and where the reports are; of a run that only watches, whether it voids what was signed."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is None:
            return
        writer = reporter._tw  # noqa: SLF001 - pytest's terminal writer has no public name
        block = closing_block(
            session.workspace,
            signoff,
            session.language,
            width=writer.fullwidth,
            colour=writer.hasmarkup,
            artifacts=artifacts,
        )
        reporter.write_line("")
        reporter.write_line(block)
        if watches:
            voided = any(reason.kind == "monitor" for reason in signoff.reasons)
            key = "terminal.watched_worse" if voided else "terminal.watched"
            reporter.write_line(Messages(session.language)(key), red=voided)


def has_leaks(session: SignoffSession, artifacts: Artifacts, journals: Iterable[Path], screen: Screen) -> bool:
    """Tell whether a known secret value stands in what the run left behind.

    A report is removed: it can be written again. A journal is evidence and stays where it is.
    """
    reports = artifacts.existing()
    leaking = session.workspace.redact.leaks([*reports, *journals])
    for path in leaking:
        if path in reports:
            path.unlink(missing_ok=True)
            screen.warn(f"{path.name} contained a secret of this environment and was removed")
        else:
            screen.warn(f"{path} contains a secret of this environment: keep it closed, and replace the secret")
    return bool(leaking)
