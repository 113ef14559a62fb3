"""The table of programs, and what each is for in a suite."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signoff.model import Item

Use = Literal["run", "report", "hand"]
USES: tuple[Use, ...] = get_args(Use)


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program of others."""

    name: str
    use: Use
    kinds: tuple[str, ...]
    """Kinds of services that it is for."""
    version: tuple[str, ...]
    """Arguments that make it say its version."""
    install: str
    why: str
    hosts: bool = False
    """Whether it is for every check of a host."""
    names: tuple[str, ...] = ()
    """What it may be called; by default its own name."""

    def items_of(self, items: Iterable[Item]) -> tuple[str, ...]:
        """Return the ids of the items that it is for."""
        return tuple(item.id for item in items if any(self._is_for(check.targets) for check in item.checks))

    def _is_for(self, targets: object) -> bool:
        scope, _, name = str(targets).partition(":")
        return (scope == "hosts" and self.hosts) or (
            scope == "services" and any(kind in self.kinds for kind in name.split(","))
        )


def programs() -> tuple[Program, ...]:
    """Return every program of the table, in its order."""
    text = files(__package__).joinpath("programs.yaml").read_text(encoding="utf-8")
    return tuple(_program(name, entry) for name, entry in yaml.safe_load(text).items())


def _program(name: str, entry: Mapping[str, Any]) -> Program:
    return Program(
        name=name,
        use=entry["use"],
        kinds=tuple(entry["kinds"]),
        version=tuple(entry["version"]),
        install=entry["install"],
        why=entry["why"],
        hosts=entry.get("hosts", False),
        names=tuple(entry.get("names", ())),
    )
