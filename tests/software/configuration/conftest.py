"""What checks of configuration files talk about: files as they lie on the hosts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.hosts import ConfigFile as Wanted
    from signoff.config.inventory import Inventory
    from signoff.probes.hosts.config_file import ConfigFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """One configuration file on one host: what is wanted of it, and what it is."""

    host: str
    wanted: Wanted
    file: ConfigFile

    @property
    def where(self) -> str:
        """Host and path."""
        return f"{self.host}: {self.wanted.path}"


@pytest.fixture(scope="session")
def file_key() -> str:
    """Return the key of this run's digests of whole files; it is written nowhere."""
    return secrets.token_hex(32)


@pytest.fixture
def config_files(inventory: Inventory, connect: Callable[[str], Any], file_key: str) -> tuple[Configured, ...]:
    """Return the configuration files of all hosts."""
    from signoff import not_verified
    from signoff.probes.hosts.config_file import command, read

    found = []
    for host in inventory.hosts.values():
        for wanted in host.settings.config_files:
            if wanted.sudo and command(wanted.path, wanted.validator, wanted.program) not in host.settings.sudo:
                line = command(wanted.path, wanted.validator, wanted.program)
                not_verified(f"{host.name}: {wanted.path} needs `{line}` in signoff.sudo; add it there and in sudoers")
            file = read(
                connect(host.name),
                wanted.path,
                key=file_key,
                validator=wanted.validator,
                program=wanted.program,
                sudo=wanted.sudo,
            )
            found.append(Configured(host=host.name, wanted=wanted, file=file))
    if not found:
        not_verified("no configuration file named; write signoff.config_files for the hosts in hosts.yaml")
    return tuple(found)
