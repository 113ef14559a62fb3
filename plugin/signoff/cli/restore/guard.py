"""Where a backup may be restored: on the named scratch host, and never where anybody depends on the machine."""

from __future__ import annotations

import ipaddress
import re
import shlex
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from signoff.config.redaction import Redactor
from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from signoff.config.hosts import Host
    from signoff.config.inventory import Inventory

GROUP = "scratch"
"""In production, only hosts of this group of hosts.yaml may be restored on."""
_DATABASES = frozenset({"postgresql", "standby", "mysql"})
_EVERYBODY = frozenset({"all", "ungrouped", GROUP})
_SECRET_WORD = re.compile(r"(?:^|\s)'?(?:--?pass(?:phrase|word)?[ =]'?(?!file:|env:|fd:|stdin)|pass:)")
"""How gpg, openssl and their like are given a secret as a word."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w.:+@=,-]*", re.ASCII)
_ADDRESS = re.compile(r"[0-9a-fA-F]*(?:\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+")


def require_scratch(inventory: Inventory, service: str, host: str) -> None:
    """Return if the inventory lets backups be restored on the host.

    Raises:
        GuardError: a database answers there; or this is production, and the host is not set apart for this alone.
    """
    if name := _user_of(inventory, {host, *_addresses(inventory.hosts[host])}, service, kinds=_DATABASES):
        raise GuardError(f"{name} answers on {host}: a backup is never restored beside a database of the inventory")
    if inventory.policy.production:
        _require_apart(inventory, service, inventory.hosts[host])


def require_other_machine(inventory: Inventory, name: str, host: Any) -> None:
    """Return if none of the addresses that the host has leads to what the inventory knows under another name.

    Args:
        inventory: Of the environment.
        name: The scratch host's.
        host: The connected scratch host.

    Raises:
        GuardError: one does.
        NotVerifiedError: the host does not say which addresses it has.
    """
    others = [
        (f"the database {key}", str(getattr(entry.settings, "host", "")))
        for key, entry in inventory.services.items()
        if entry.settings.kind in _DATABASES
    ]
    if inventory.policy.production:
        others += [(one.name, at) for one in inventory.hosts.values() if one.name != name for at in _addresses(one)]
    known = [(who, address, _resolved(address)) for who, address in others]
    if not any(resolved for _, _, resolved in known):
        return
    own = set(_ADDRESS.findall(host.check_output("hostname -I || ip -o addr show")))
    if not own:
        raise NotVerifiedError(f"{name}: it does not say which addresses it has; install hostname or ip there")
    for who, address, resolved in known:
        if resolved & own:
            raise GuardError(f"{name} is the machine of {who}: {address} is its own address")


def require_no_secret(inventory: Inventory, words: Collection[str]) -> None:
    """Return if no word of a command is a secret: everybody on the host can read the list of processes.

    Raises:
        GuardError: one is.
    """
    text = shlex.join(words)
    if Redactor(inventory.secrets)(text) != text or _SECRET_WORD.search(text):
        raise GuardError(
            "a secret in fetch, decrypt or command could be read in the list of processes; "
            "keep it in a file there and name that (--passphrase-file, -pass file:)"
        )


def require_plain(name: str) -> None:
    """Return if a backup's name may stand in any command: whoever fetches by ssh hands it to another shell.

    Raises:
        NotVerifiedError: it may not.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise NotVerifiedError(
            f"{name!r}: only backups whose names are letters, digits and any of _.:+@=,- are restored; rename it"
        )


def _require_apart(inventory: Inventory, service: str, host: Host) -> None:
    wanted = f"in production, only a host of the group {GROUP} in hosts.yaml is restored on"
    if GROUP not in host.groups:
        raise GuardError(f"{host.name} is none: {wanted}")
    mine = set(_addresses(host))
    if name := next((one.name for one in inventory.hosts.values() if one != host and mine & {*_addresses(one)}), ""):
        raise GuardError(f"{host.name} is the same machine as {name}: {wanted}")
    names = {host.name, *mine, *(one for one in host.groups if one not in _EVERYBODY)}
    if user := _user_of(inventory, names, service):
        raise GuardError(f"{user} uses {host.name} or one of its groups: {wanted}, and nothing else may use it")


def _user_of(inventory: Inventory, names: set[str], service: str, *, kinds: Collection[str] | None = None) -> str:
    """Return the name of a service whose settings name one of these; empty: none does."""
    for name, entry in inventory.services.items():
        if kinds is not None and entry.settings.kind not in kinds:
            continue
        settings = entry.settings.model_dump()
        if entry.settings.kind == "backup" and isinstance(settings["restore"], dict):
            # Backups may share their scratch host.
            settings["restore"]["scratch"] = None
        if names.intersection(_texts(settings)):
            return "its own backup" if name == service else name
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if "://" in value:
            yield _host_of(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *_texts(one))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _texts(one)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _addresses(host: Host) -> tuple[str, ...]:
    """Return by what the host is reached; a loopback says nothing, for every machine has one."""
    named = [str(host.variables.get(key, "")) for key in ("ansible_host", "ansible_ssh_host")]
    if not any(named) and host.variables.get("ansible_connection") != "local":
        named = [host.name]
    return tuple(one for one in named if one and not _is_loopback(one))


def _resolved(name: str) -> set[str]:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(name, None)} if name else set()
    except OSError:
        return set()
    return {one for one in found if not _is_loopback(one)}


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
