"""Which file, folder or program of an environment names its hosts, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signoff.config.ansible import HostsRead, read_native
from signoff.config.ansible_json import read_answer
from signoff.config.ansible_program import ask
from signoff.config.yamlfile import Document, display_name, read_yaml
from signoff.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NATIVE = frozenset({"hosts.yaml", "hosts.yml"})
_IGNORED = (
    "~",
    ".bak",
    ".cfg",
    ".dist",
    ".example",
    ".md",
    ".orig",
    ".pyc",
    ".retry",
    ".rst",
    ".sample",
    ".swp",
    ".txt",
)
"""Endings of files that are no inventory: Ansible's own list, and those of samples."""


class Lookup(Protocol):
    """Values of `${NAME}`, and all those that are secret."""

    @property
    def known(self) -> frozenset[str]:
        """Values of the environment's own files."""

    def __call__(self, name: str) -> str | None:
        """Return the value of the name; None if there is none."""


def read_hosts(folder: Path, lookup: Lookup, environ: Mapping[str, str], *, answered: str = "") -> HostsRead:
    """Return the hosts of the environment in the folder; mistakes in them are noted in its documents.

    `hosts.yaml` is read here. Everything else that Ansible takes for an inventory is read by `ansible-inventory`:
    `hosts` or `hosts.ini`, a folder `hosts/`, a program, or the configuration of a plugin such as `hosts.aws_ec2.yml`.

    Raises:
        ConfigError: there are several sources, or `ansible-inventory` is missing or fails.
    """
    found = sources(folder)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        message, hint = (
            f"several sources of hosts: {names}",
            "keep one; a folder hosts/ may hold several, as in Ansible",
        )
        raise ConfigError([Problem(file=display_name(folder), line=1, column=1, path="", message=message, hint=hint)])
    path = found[0] if found else folder / "hosts.yaml"
    if path.name in _NATIVE and not path.is_dir():
        document, raw = read_yaml(path, lookup), read_yaml(path).data
        if not _is_plugin(raw):
            return read_native(document, raw, folder, lookup)
    answer = answered or ask(path, environ, secrets=lookup.known)
    return read_answer(answer, Document(file=display_name(path)), path, lookup)


def sources(folder: Path) -> list[Path]:
    """Return what could name the hosts of the environment, in the order of names."""
    named = [path for path in folder.glob("hosts*") if path.name == "hosts" or path.name.startswith("hosts.")]
    return sorted(path for path in named if not path.name.endswith(_IGNORED))


def _is_plugin(data: object) -> bool:
    """Whether the file configures a plugin of Ansible: then its key `plugin` is a name, and no group."""
    return isinstance(data, dict) and isinstance(data.get("plugin"), str)
