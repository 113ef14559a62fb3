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
        work = self.assigned_work[node]
        running = next(((unit, test) for unit in work.values() for test, is_done in unit.items() if not is_done), None)
        if running is None:
            found: str | None = super().remove_node(node)
            return found
        unit, crashed = running
        unit[crashed] = True
        # A worker that is given a group without any test left never asks for another one.
        for scope in [scope for scope, tests in work.items() if all(tests.values())]:
            del work[scope]
        super().remove_node(node)
        return str(crashed)

    def _reschedule(self, node: Any) -> None:
        """Give the worker more, and say so when there is no more.

        A worker runs its last test only once it knows that no other one follows. pytest-xdist's own says so after the
        next result: one that takes over a single test from a crashed worker would wait for ever.
        """
        super()._reschedule(node)
        if not self.workqueue and self.assigned_work.get(node) and not node.shutting_down:
            node.shutdown()


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
