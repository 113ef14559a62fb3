"""What a role is: what a host needs installed, how it is set up, and when it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estate.estate import Estate
    from estate.hosts import Host


def _nothing(_host: Host, _estate: Estate) -> None:
    return


def _at_once(_host: Host, _estate: Estate) -> bool:
    return True


def _no_settings(_estate: Estate) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """One job of a host. All hosts share one image, so packages of every role are on every host, switched off.

    The order for each host: `configure` of all its roles, boot, `start` of all its roles in order, `ready` of all.
    Hosts go through it side by side.
    """

    name: str
    packages: tuple[str, ...] = ()
    """Debian packages that the image gets."""
    recipe: str = ""
    """Shell script run once as root in the image, after all packages are in (`sh -eu`, no network, no systemd)."""
    configure: Callable[[Host, Estate], None] = _nothing
    """Before the boot: `host.write`, `host.enable`; nothing runs yet, so `host.run` is a plain chroot."""
    start: Callable[[Host, Estate], None] = _nothing
    """After the boot, for what needs running programs or other hosts (`estate.wait_for("db1")`)."""
    ready: Callable[[Host, Estate], bool] = _at_once
    """Asked repeatedly until it is true; must neither block for long nor raise."""
    sudo: tuple[str, ...] = ()
    """What the account of the checks may do as root on hosts of this role: whole commands, or beginnings with ` *`."""
    exports: Callable[[Estate], Mapping[str, str]] = _no_settings
    """Lines of the `.env` file that the inventory refers to as ${NAME}; names begin with ESTATE_."""
