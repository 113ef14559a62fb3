"""What pytest-xdist does otherwise for a checklist: groups of tests that survive a crash, and workers elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling, LoadGroupScheduling, LoadScopeScheduling


class _OnceOnly(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist's types are not followed here
    """Gives the test that crashed a worker to no other one; pytest-xdist's own does, until no worker is left."""

    def remove_node(self, node: Any) -> str | None:
        """Take a crashed worker's tests back, but for the one that it was running."""
        units = self.assigned_work[node].values()
        running = next(((unit, test) for unit in units for test, is_done in unit.items() if not is_done), None)
        if running is None:
            found: str | None = super().remove_node(node)
            return found
        unit, crashed = running
        unit[crashed] = True
        super().remove_node(node)
        return str(crashed)


class _Groups(_OnceOnly, LoadGroupScheduling):  # type: ignore[misc]
    """For `--dist loadgroup`."""


class _Files(_OnceOnly, LoadFileScheduling):  # type: ignore[misc]
    """For `--dist loadfile`."""


_SCHEDULERS = {"loadgroup": _Groups, "loadscope": _OnceOnly, "loadfile": _Files}


class Distribution:
    """Registered on the controller, where pytest-xdist is installed."""

    @pytest.hookimpl
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Return the scheduler; None: pytest-xdist's own is as good."""
        made = _SCHEDULERS.get(config.getvalue("dist"))
        return made(config, log) if made is not None else None

    @pytest.hookimpl
    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        """Copy to other machines what was asked for, and not pytest itself into the folder of the suite there."""
        manager = config.pluginmanager.getplugin("dsession").nodemanager
        asked = {Path(path).resolve() for path in (*config.option.rsyncdir, *config.getini("rsyncdirs"))}
        manager.roots = [root for root in manager.roots if root in asked]
