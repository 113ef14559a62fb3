"""The `.env` of an estate: every value that its inventory refers to as ${ESTATE_…}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate import ssh
from estate.companions import COMPANIONS
from estate.layout import EstateError, write_atomically
from estate.roles import ROLES
from estate.topology import RESOLVER_ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from estate.companions.model import Companion
    from estate.estate import Estate
    from estate.roles.model import Role

_PREFIX = "ESTATE_"


def values(estate: Estate) -> dict[str, str]:
    """Return the variables, without writing them.

    Raises:
        EstateError: a role or companion exports a name that is taken, or does not begin with ESTATE_.
    """
    layout = estate.layout
    known = {
        "ESTATE_DIR": str(layout.dir),
        "ESTATE_CA_FILE": str(layout.ca_file),
        "ESTATE_SSH_USER": ssh.USER,
        "ESTATE_SSH_KEY": str(ssh.client_key(layout)),
        "ESTATE_SSH_KNOWN_HOSTS": str(ssh.known_hosts(layout)),
        "ESTATE_RESOLVER": RESOLVER_ADDRESS,
    }
    sources: tuple[Role | Companion, ...] = (*ROLES.values(), *COMPANIONS)
    for source in sources:
        for name, value in source.exports(estate).items():
            if name in known or not name.startswith(_PREFIX) or "'" in value or "\n" in value:
                raise EstateError(f"{source.name} exports {name}, which is taken, misnamed or not one plain line")
            known[name] = value
    return known


def write(estate: Estate, file: Path | None = None) -> None:
    """Write the file (default: the estate's own), readable by its owner only."""
    lines = [f"{name}='{value}'" for name, value in values(estate).items()]
    write_atomically(file or estate.layout.env_file, "\n".join(lines) + "\n")
