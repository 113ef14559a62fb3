"""The policy's part about signing: whose word counts in which order, and who may not approve what they worked on."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signoff.config.fields import Instant
from signoff.config.kinds.base import Strict
from signoff.model import Separation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.config.yamlfile import Document

_KEY_BYTES = 32


class PersonFile(Strict):
    """Somebody who may approve, waive or attest."""

    name: str = Field(min_length=1)
    roles: tuple[str, ...] = Field(min_length=1)
    public_key: str = Field(default="", description="Ed25519 public key in base64, from `signoff keygen`.")
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class ApprovalsFile(Strict):
    """Who signs, in which order, and what a run does to signatures that have begun."""

    roles: tuple[str, ...] = Field(default=("tech", "qa", "executive"), min_length=1)
    on_new_evidence: Literal["void", "void_if_worse"] = Field(
        default="void_if_worse",
        description="Runs after the first signature: void_if_worse watches, and voids on bad news only; void records.",
    )


class SeparationFile(Strict):
    """Separation of duties: each rule holds unless it is switched off here, and every report then says so."""

    one_person_one_stage: bool = Field(default=True, description="Nobody approves in two roles.")
    waiver_requester: bool = Field(default=True, description="Nobody approves with a waiver that they asked for.")
    waiver_approver: bool = Field(default=True, description="Nobody approves with a waiver that they granted.")
    issue_resolver: bool = Field(default=True, description="Nobody approves with an issue that they resolved.")
    attester: bool = Field(default=True, description="Nobody approves with a statement that they made.")

    @property
    def relaxed(self) -> frozenset[Separation]:
        """The rules that are switched off."""
        return frozenset(rule for rule in Separation if not getattr(self, rule))


def check_signing(document: Document, roster: Sequence[PersonFile], approvals: ApprovalsFile) -> None:
    """Note every mistake in the roster's keys and in the roles that sign."""
    owners: dict[str, str] = {}
    for index, person in enumerate(roster):
        here = ("roster", index)
        if person.valid_from and person.valid_until and person.valid_until <= person.valid_from:
            document.add((*here, "valid_until"), "is not after valid_from", "write the later instant")
        if not person.public_key:
            continue
        if not _is_key(person.public_key):
            message, hint = "is no Ed25519 public key", "write the line that `signoff keygen` prints"
            document.add((*here, "public_key"), message, hint)
        elif person.public_key in owners:
            message = f"is the key of {owners[person.public_key]} too: one key is one person"
            document.add((*here, "public_key"), message, "make a second key with `signoff keygen`")
        owners.setdefault(person.public_key, person.name)
    for place, role in enumerate(approvals.roles):
        if role in approvals.roles[:place]:
            document.add(("approvals", "roles", place), f"{role!r} stands twice", "remove one of them")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False
