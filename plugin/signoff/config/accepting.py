"""The policy's part about people's word: how long a failure may be accepted, and whose statement counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from signoff.config.kinds.base import Strict
from signoff.config.yamlfile import did_you_mean
from signoff.model import Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from signoff.config.yamlfile import Document
    from signoff.model import Checklist

WaiverDays = Annotated[int, Field(ge=1, le=90)]
_WAIVER_DAYS = {Severity.CRITICAL: 14, Severity.HIGH: 30, Severity.MEDIUM: 60, Severity.LOW: 90}


class WaiverRulesFile(Strict):
    """What may be accepted, and for how long; nothing for more than 90 days."""

    longest: dict[Severity, WaiverDays] = Field(
        default=_WAIVER_DAYS, description="Days that a waiver may last, by the severity of its item."
    )
    never: tuple[str, ...] = Field(default=(), description="Items whose failure nobody may accept.")

    @property
    def days(self) -> dict[Severity, int]:
        """Days for every severity."""
        return {**_WAIVER_DAYS, **self.longest}


class AttestationRulesFile(Strict):
    """Whose statement counts, for how long, and whether it must be signed."""

    roles: tuple[str, ...] = Field(default=(), description="Roles that may attest any item, beside the item's owner.")
    items: dict[str, tuple[str, ...]] = Field(
        default={}, description="Item id to the only roles that may attest it, instead of its owner and `roles`."
    )
    signed: Literal["optional", "required"] = Field(
        default="optional", description="required: a statement without its author's signature counts for nothing."
    )
    longest: int = Field(default=365, ge=1, le=3650, description="Days that a statement may last.")


def check_rules(
    document: Document,
    checklist: Checklist,
    waivers: WaiverRulesFile,
    attestations: AttestationRulesFile,
    roles: Collection[str],
) -> None:
    """Note every item that does not exist or cannot be attested, and every role that nobody holds."""
    items = {item.id: item for item in checklist.items}
    for index, item_id in enumerate(waivers.never):
        if item_id not in items:
            document.add(("waivers", "never", index), f"unknown item {item_id!r}", did_you_mean(item_id, items))
    for item_id, own in attestations.items.items():
        here = ("attestations", "items", item_id)
        if item_id not in items:
            document.add(here, f"unknown item {item_id!r}", did_you_mean(item_id, items))
        elif not items[item_id].method.needs_attestation:
            document.add(here, f"is a {items[item_id].method} item, which nobody attests", "remove it")
        _check_roles(document, (*here,), own, roles)
    _check_roles(document, ("attestations", "roles"), attestations.roles, roles)


def _check_roles(
    document: Document, here: tuple[str | int, ...], named: tuple[str, ...], roles: Collection[str]
) -> None:
    for index, role in enumerate(named):
        if role not in roles:
            document.add((*here, index), f"nobody on the roster holds the role {role!r}", did_you_mean(role, roles))
