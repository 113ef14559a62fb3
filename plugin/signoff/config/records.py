"""Load the records that people keep for an environment: waivers and attestations."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from signoff.config.fields import Instant
from signoff.config.kinds.base import Strict
from signoff.config.validation import validate
from signoff.config.yamlfile import did_you_mean
from signoff.model import Attestation, EvidenceFile, State, Waiver

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from signoff.config.yamlfile import Document


def parse_expiry(value: str) -> str:
    """Return the expiry as written, if it is a date or an instant with an offset.

    Raises:
        ValueError: it is neither.
    """
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("not a date; write 2026-12-31 (end of that day) or 2026-12-31T18:00:00+09:00") from None
    if instant.tzinfo is None and len(value) != len("2026-11-22"):
        raise ValueError("has no offset; add Z or +09:00, or write the date alone")
    if instant.year > _LAST_YEAR:
        raise ValueError("is no end; write a date that will be")
    return value


_LAST_YEAR = 9_000
"""Years beyond it are typing errors, and the last day of the calendar has no end in every time zone."""

Expiry = Annotated[str, AfterValidator(parse_expiry)]


def _quoted(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('is read as a number; put it in quotes, as in "9f2c1ab4e07d1234"')  # noqa: TRY004 - pydantic's way
    return value


Fingerprint = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]


class WaiverFile(Strict):
    """One accepted failure."""

    id: str = Field(min_length=1)
    item: str
    targets: tuple[str, ...] = Field(default=("*",), min_length=1)
    fingerprints: tuple[Fingerprint, ...] = Field(
        min_length=1, description="What exactly is accepted; the page shows them."
    )
    covers: tuple[Literal["FAIL", "ERROR", "NOT_VERIFIED"], ...] = ("FAIL",)
    reason: str = Field(min_length=1)
    risk: str = Field(min_length=1)
    compensating_control: str = Field(min_length=1)
    requested_by: str = Field(min_length=1)
    approver: str = Field(min_length=1)
    role: str = Field(min_length=1)
    created: Instant
    starts: Instant | None = Field(default=None, description="From when it counts; default: from `created`.")
    expires: Expiry


class WaiversFile(Strict):
    """The waivers file of an environment."""

    schema_version: Literal[1]
    waivers: tuple[WaiverFile, ...] = ()


class EvidenceFileFile(Strict):
    """A file that backs a statement."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    path: str = Field(default="", description="Where the file is, relative to the inventory.")
    uri: str = ""

    @model_validator(mode="after")
    def _somewhere(self) -> EvidenceFileFile:
        if not self.path and not self.uri:
            raise ValueError("says nowhere where it is; add path: (it is then checked) or uri:")
        return self


class AttestationFile(Strict):
    """One person's statement about what only a person can know."""

    item: str
    status: Literal["pass", "fail"]
    statement: str = Field(min_length=1)
    by: str = Field(min_length=1)
    role: str = Field(min_length=1)
    at: Instant
    expires: Expiry
    release: str = Field(min_length=1, description="The release it was made for; it holds for no other.")
    evidence: tuple[EvidenceFileFile, ...] = ()


class AttestationsFile(Strict):
    """The attestations file of an environment."""

    schema_version: Literal[1]
    attestations: tuple[AttestationFile, ...] = ()


def read_waivers(document: Document, zone: str, items: Collection[str], targets: Collection[str]) -> tuple[Waiver, ...]:
    """Return the waivers of the document; an absent or empty file has none."""
    parsed = validate(document, document.data, WaiversFile) if document.data is not None else None
    if parsed is None:
        return ()
    for index, entry in enumerate(parsed.waivers):
        if entry.item not in items:
            document.add(("waivers", index, "item"), f"unknown item {entry.item!r}", did_you_mean(entry.item, items))
        for place, target in enumerate(entry.targets):
            if target != "*" and target not in targets:
                here = ("waivers", index, "targets", place)
                document.add(here, f"unknown target {target!r}", did_you_mean(target, targets))
    ids = [entry.id for entry in parsed.waivers]
    for index, waiver_id in enumerate(ids):
        if waiver_id in ids[:index]:
            document.add(("waivers", index, "id"), f"{waiver_id!r} stands twice", "give each waiver its own id")
    return tuple(
        Waiver(
            id=entry.id,
            item=entry.item,
            targets=entry.targets,
            fingerprints=entry.fingerprints,
            covers=frozenset(State(name) for name in entry.covers),
            reason=entry.reason,
            risk=entry.risk,
            compensating_control=entry.compensating_control,
            requested_by=entry.requested_by,
            approver=entry.approver,
            role=entry.role,
            created=entry.created,
            expires=end_of(entry.expires, zone),
            starts=entry.starts,
            place=document.place(("waivers", index)),
        )
        for index, entry in enumerate(parsed.waivers)
    )


def read_attestations(document: Document, zone: str, items: Collection[str], folder: Path) -> tuple[Attestation, ...]:
    """Return the attestations of the document, with the digests that their files have now."""
    parsed = validate(document, document.data, AttestationsFile) if document.data is not None else None
    if parsed is None:
        return ()
    for index, entry in enumerate(parsed.attestations):
        if entry.item not in items:
            document.add(
                ("attestations", index, "item"), f"unknown item {entry.item!r}", did_you_mean(entry.item, items)
            )
    return tuple(
        Attestation(
            item=entry.item,
            passed=entry.status == "pass",
            statement=entry.statement,
            by=entry.by,
            role=entry.role,
            at=entry.at,
            expires=end_of(entry.expires, zone),
            release=entry.release,
            evidence=tuple(
                EvidenceFile(
                    name=file.name,
                    sha256=file.sha256,
                    uri=file.uri,
                    actual_sha256=_sha256(folder / file.path) if file.path else file.sha256,
                )
                for file in entry.evidence
            ),
            place=document.place(("attestations", index)),
        )
        for index, entry in enumerate(parsed.attestations)
    )


def end_of(text: str, zone: str) -> datetime:
    """Return the instant of an expiry; a date alone is the end of that day in the project's time zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        day = date.fromisoformat(text) + timedelta(days=1)
        instant = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
    return instant.astimezone(UTC)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
