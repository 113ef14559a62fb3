"""A process that is killed comes back: what a real systemd remembers of it, read by the probe that judges it."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from testinfra.backend.local import LocalBackend

from estate.estate import wait_until
from signoff.probes.hosts import supervision
from signoff.transport.host import CheckedHost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estate.estate import Estate
    from estate.hosts import Host

PLACE = "ns2"
UNIT = """\
[Service]
ExecStart=/usr/bin/sleep infinity
Restart={restart}
RestartSec=100ms
[Install]
WantedBy=multi-user.target
"""
UNITS = {"comes-back": "on-failure", "stays-down": "no"}


class _Inside(LocalBackend):  # type: ignore[misc]  # testinfra carries no types
    """A root shell on a host of the estate."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.name)
        self._host = host

    def run(self, command: str, *args: str, **_: Any) -> Any:
        line = self.quote(command, *args)
        done = subprocess.run(self._host.command(line), capture_output=True, check=False, timeout=180)
        return self.result(done.returncode, line.encode(), done.stdout, done.stderr)


@pytest.fixture
def services(estate: Estate) -> Iterator[Host]:
    """Return a host with two services, one of which is started again when it crashes."""
    host = estate.host(PLACE)
    for name, restart in UNITS.items():
        host.write(f"/etc/systemd/system/{name}.service", UNIT.format(restart=restart))
    host.run("systemctl", "daemon-reload")
    host.enable(*UNITS)
    host.start_service(*UNITS)
    yield host
    host.run("systemctl", "stop", *UNITS)
    host.disable(*UNITS)
    for name in UNITS:
        host.remove(f"/etc/systemd/system/{name}.service")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "reset-failed")


def test_systemd_remembers_that_a_killed_process_came_back(services: Host) -> None:
    shell = CheckedHost(_Inside(services))

    def policies() -> dict[str, supervision.RestartPolicy]:
        return {name: supervision.read(shell, name, manager="systemd") for name in UNITS}

    before = policies()
    assert {name: one.restarts_after_crash for name, one in before.items()} == {"comes-back": True, "stays-down": False}
    assert all(one.is_known and one.starts_at_boot for one in before.values())
    assert [(one.restarts, one.restarted_ago) for one in before.values()] == [(0, None)] * 2

    services.run("systemctl", "kill", "--signal=KILL", *UNITS)
    wait_until(lambda: policies()["comes-back"].restarted_ago is not None, "comes-back stays down")

    after = policies()
    ago = after["comes-back"].restarted_ago
    assert ago is not None
    assert ago < timedelta(minutes=5)
    assert (after["stays-down"].restarts, after["stays-down"].restarted_ago) == (0, None)

    services.stop_service("comes-back")
    # It was started again once, and does not run any more: that proves nothing.
    assert policies()["comes-back"].restarted_ago is None
