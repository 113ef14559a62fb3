"""The hosts of one process: their connections, what is shared with other processes of the run, and what came of it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.pytest_plugin.addresses import host_address
from signoff.transport import HostPool
from signoff.transport.ahead.ahead import Ahead
from signoff.transport.breaker import Breaker, counted
from signoff.transport.pacing import Pace

if TYPE_CHECKING:
    from signoff.config.inventory import Inventory
    from signoff.config.limits import HostLimit

_FOLDER, _TOKEN = "signoff_run_folder", "signoff_run_token"
"""Keys of what workers are told."""
_TOKEN_FILE = "token"  # noqa: S105 - a file's name


@dataclass(slots=True)
class HostFigures:
    """What a run asked of hosts, added up over its processes."""

    hosts: set[str] = field(default_factory=set)
    """Hosts that answered."""
    connections: int = 0
    sent: int = 0
    used: int = 0
    lost: dict[str, str] = field(default_factory=dict)
    """Hosts without a way in, with the reason."""

    def add(self, figures: dict[str, Any]) -> None:
        """Add what one process says."""
        self.hosts.update(figures["hosts"])
        self.connections += len(figures["hosts"])
        self.sent += figures["sent"]
        self.used += figures["used"]
        for name, reason in figures["lost"].items():
            self.lost.setdefault(name, reason)


class Hosts:
    """Connections to the inventory's hosts; none is opened before it is asked for.

    Args:
        inventory: The hosts.
        config: Options; in a worker of pytest-xdist, what the controller says.
        limit: The only hosts that may be asked; None: all.
    """

    def __init__(self, inventory: Inventory, config: pytest.Config, limit: HostLimit | None = None) -> None:
        self._inventory = inventory
        self._names = tuple(inventory.hosts) if limit is None else limit.hosts
        self._config = config
        self.ahead = Ahead() if ahead_is_on(config) else None
        self._pool: HostPool | None = None

    @cached_property
    def _pace(self) -> Pace:
        at_once = connect_at_once(self._config)
        workers = int(getattr(self._config, "workerinput", {}).get("workercount", 1))
        # What must hold for a server holds for all workers together.
        return Pace(at_once=max(1, at_once // workers), per_gateway=max(1, min(8, at_once) // workers))

    @property
    def pool(self) -> HostPool:
        """Connections, shared by all checks of this process.

        Raises:
            ConfigError: a host asks for a connection that has no counterpart here.
        """
        if self._pool is None:
            self._pool = HostPool(
                {name: host_address(self._inventory.hosts[name]) for name in self._names},
                breaker=Breaker(_shared_folder(self._config)),
                pace=self._pace,
                ahead=self.ahead,
            )
        return self._pool

    def figures(self) -> dict[str, Any]:
        """Return what happened here, as plain data."""
        if self._pool is None:
            return {"hosts": [], "lost": {}, "sent": 0, "used": 0}
        found = self._pool.figures
        return {
            "hosts": list(found.connected),
            "lost": dict(found.lost),
            "sent": self.ahead.sent if self.ahead else 0,
            "used": self.ahead.used if self.ahead else 0,
        }

    @property
    def reached(self) -> tuple[int, int]:
        """How many hosts answered so far, and how many are lost."""
        found = self._pool.figures if self._pool is not None else None
        return (len(found.connected), len(found.lost)) if found is not None else (0, 0)

    def take_notices(self) -> list[str]:
        """Return, once each, what must be seen beside a check's result, such as a question that was asked again."""
        return self._pool.take_notices() if self._pool is not None else []

    def close(self) -> None:
        """End all connections; safe to call twice."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


class SharedFolder:
    """A folder of this run alone, in which the workers on this machine tell each other about lost hosts."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._token = secrets.token_hex(16)

    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where it is. One on another machine will not find it, and shares with nobody."""
        if self._path is None:
            self._path = Path(tempfile.mkdtemp(prefix="signoff-run-"))
            (self._path / _TOKEN_FILE).write_text(self._token)
        node.workerinput[_FOLDER] = str(self._path)
        node.workerinput[_TOKEN] = self._token

    @property
    def reached(self) -> tuple[int, int]:
        """How many hosts answered the workers on this machine so far, and how many are lost."""
        return counted(self._path) if self._path is not None else (0, 0)

    def pytest_unconfigure(self) -> None:
        """Remove it: nothing is believed beyond the run."""
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)


def ahead_is_on(config: pytest.Config) -> bool:
    """Return whether answers may be fetched before they are asked for.

    Raises:
        pytest.UsageError: the setting is neither on nor off.
    """
    value = config.getoption("signoff_ahead") or config.getini("signoff_ahead")
    if value not in {"on", "off"}:
        raise pytest.UsageError(f"signoff_ahead = {value!r}: write on or off")
    return bool(value == "on")


def connect_at_once(config: pytest.Config) -> int:
    """Return how many connections may be starting at the same time.

    Raises:
        pytest.UsageError: the setting is no count.
    """
    value = str(config.getini("signoff_connect_at_once"))
    if not value.isdecimal() or int(value) < 1:
        raise pytest.UsageError(f"signoff_connect_at_once = {value!r}: write a count of 1 or more")
    return int(value)


def _shared_folder(config: pytest.Config) -> Path | None:
    told = getattr(config, "workerinput", {})
    if not told.get(_FOLDER):
        return None
    folder = Path(told[_FOLDER])
    try:
        is_ours = (folder / _TOKEN_FILE).read_text() == told[_TOKEN]
    except OSError:
        return None
    return folder if is_ours else None
