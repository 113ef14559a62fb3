"""A shell on this machine as a host, and the suite's checks on it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from testinfra.backend.local import LocalBackend

from signoff.meter import METER
from signoff.transport.host import CheckedHost
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of the suite's files, which are imported here without the plugin's session."""
    config.addinivalue_line("markers", "checklist(id): the checklist item that a check answers")


class _Shell(LocalBackend):  # type: ignore[misc]  # testinfra carries no types
    """A shell that takes the options of ours, and counts."""

    def run(self, command: str, *args: str, **_: Any) -> Any:
        METER.spend("commands")
        done = subprocess.run(
            ["/bin/sh", "-c", self.quote(command, *args)],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=600,
        )
        return self.result(done.returncode, command.encode(), done.stdout, done.stderr)


@pytest.fixture(scope="session")
def here() -> CheckedHost:
    """Return this machine as a host."""
    return CheckedHost(_Shell("local"))


@pytest.fixture
def conclude(here: CheckedHost) -> Callable[..., Any]:
    """Return the function `conclude(check, service, **given)`: the suite's check, on this machine."""

    def conclude_(check: str, service: Any, **given: Any) -> Any:
        known = {"connect": lambda _: here, "open_aws_account": None, "evaluated_at": datetime.now(UTC)}
        return SuiteChecks(**known).one(check, service, name="target", **given)

    return conclude_
