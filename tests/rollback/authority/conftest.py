"""What checks of the rollback authority talk about: who decides, how they are reached, and the written process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.config.inventory import Inventory
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The roles that decide by hand, who has each of them now, and how these people are reached."""

    name: str
    least: int
    roles: dict[str, tuple[str, ...]]
    """Names of the people by role."""
    reached_by: dict[str, frozenset[str]]
    """Ways by person's name; people whom the provider does not know are not in it."""
    wakeable: frozenset[str]
    """Names of those who can be woken."""

    @property
    def people(self) -> tuple[str, ...]:
        """Return everybody who may decide, each once."""
        return tuple(sorted({person for people in self.roles.values() for person in people}))


@pytest.fixture
def authority(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, read_on_call: Callable[[str], Any]
) -> Authority:
    """Return who may decide on a rollback now, by the policy's roster, and how the on-call provider reaches them."""
    from signoff import not_verified

    rule = inventory.policy.rollback
    if rule is None or not rule.deciders:
        not_verified("policy: no deciders of a rollback; write rollback.deciders")
    valid = [
        person
        for person in inventory.policy.roster
        if (person.valid_from is None or person.valid_from <= evaluated_at)
        and (person.valid_until is None or evaluated_at < person.valid_until)
    ]
    known = read_on_call(target.settings.on_call).people
    return Authority(
        name=target.name,
        least=target.settings.min_people,
        roles={role: tuple(one.name for one in valid if role in one.roles) for role in rule.deciders},
        reached_by={one.name: one.ways for one in known},
        wakeable=frozenset(one.name for one in known if one.can_be_woken),
    )


@pytest.fixture
def process(target: BoundTarget, inventory: Inventory, checked_document: Callable[[str], Any]) -> Any:
    """Return the document of the manual decision, from wherever it is kept."""
    from signoff import not_verified

    name = target.settings.document
    if name not in inventory.services_of("document"):
        not_verified(f"{target.name}: there is no document service {name}; add one")
    return checked_document(name).document
