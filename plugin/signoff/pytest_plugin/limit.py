"""`--limit` and `--hosts`: the hosts that this run may ask, the same in every process of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.limits import HostLimit, host_limit
from signoff.config.patterns import PatternError

if TYPE_CHECKING:
    from signoff.config.inventory import Inventory

_HOSTS, _LIMIT = "signoff_hosts", "signoff_limit"
"""Keys of what workers are told."""
_NOT_HERE = (("ansible_inventory", "--ansible-inventory"), ("force_ansible", "--force-ansible"))


def answered(config: pytest.Config) -> str:
    """Return what `ansible-inventory` said to the controller; empty on the controller itself."""
    return str(getattr(config, "workerinput", {}).get(_HOSTS, ""))


def limit_of(config: pytest.Config, inventory: Inventory) -> HostLimit | None:
    """Return the hosts that this run may ask; None: all of them.

    Raises:
        pytest.UsageError: a pattern matches no host, or is none.
    """
    if hasattr(config, "workerinput"):
        told = config.workerinput[_LIMIT]
        return HostLimit(text=told[0], hosts=tuple(told[1])) if told else None
    for name, option in _NOT_HERE:
        if config.getoption(name, None):
            raise pytest.UsageError(f"{option} has no effect on a checklist run: the environment names its hosts")
    hosts = config.getoption("hosts", None) or ""
    try:
        return host_limit(inventory, limit=config.getoption("limit"), hosts=hosts, folder=config.invocation_params.dir)
    except PatternError as error:
        raise pytest.UsageError(str(error)) from None


class Workers:
    """Tells every worker of pytest-xdist what the controller has read: a source may answer otherwise a second later."""

    def __init__(self, inventory: Inventory, limit: HostLimit | None) -> None:
        self._inventory = inventory
        self._limit = limit

    def pytest_configure_node(self, node: Any) -> None:
        """Hand over the hosts and the limit."""
        node.workerinput[_HOSTS] = self._inventory.answered
        node.workerinput[_LIMIT] = [self._limit.text, list(self._limit.hosts)] if self._limit else None
