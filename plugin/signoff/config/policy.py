"""Load an environment's policy: release, what does not apply here, roster, approvals and rollback criteria."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from signoff.config.accepting import AttestationRulesFile, WaiverRulesFile, check_rules
from signoff.config.approving import ApprovalsFile, PersonFile, SeparationFile, check_signing
from signoff.config.canonical import digest
from signoff.config.fields import Duration, Instant, TimeZone
from signoff.config.kinds.base import Strict
from signoff.config.owasp import OwaspFile, categories, check_categories
from signoff.config.rollback import RollbackFile, check_rollback, rollback_rule
from signoff.config.validation import validate
from signoff.config.yamlfile import did_you_mean
from signoff.model import ChangeWindow, NotApplicable, Person, Policy, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from signoff.config.yamlfile import Document
    from signoff.model import Checklist


class ReleaseFile(Strict):
    """What goes live."""

    version: str = Field(min_length=1, description="Name of the release; evidence counts for this release only.")
    commit: str = Field(min_length=7, description="The revision that every instance must run.")


class NotApplicableFile(Strict):
    """Something that this environment does not have; needs a reason and an approver from the roster."""

    item: str
    target: str = Field(default="*", description="A host or service name; * is the whole item.")
    reason: str = Field(min_length=1)
    approver: str


class ChangeWindowFile(Strict):
    """A time in which `signoff load` and the like may act on the environment."""

    opens: Instant = Field(description="Such as 2026-11-22T01:00:00+09:00.")
    closes: Instant
    purposes: tuple[Literal["load", "restore"], ...] = Field(min_length=1, description="What may be done then.")
    reason: str = Field(min_length=1, description="Who asked for it, or the change's number.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.opens < self.closes <= self.opens + _LONGEST_WINDOW:
            raise ValueError("closes must lie after opens, by four days at most")
        return self


_LONGEST_WINDOW = timedelta(days=4)
_NO_RULES = frozenset({"store", "production", "change_windows"})
_DUE_DAYS = {Severity.CRITICAL: 1, Severity.HIGH: 3, Severity.MEDIUM: 7, Severity.LOW: 14}


class PolicyFile(Strict):
    """The policy file of an environment."""

    schema_version: Literal[1]
    product: str = Field(min_length=1)
    environment: str = Field(pattern=r"^\w[\w.-]*$", description="Its name; also the name of its folder of reports.")
    timezone: TimeZone = Field(default="UTC", description="For display and date-only expiries, such as Asia/Seoul.")
    release: ReleaseFile
    env_files: tuple[str, ...] = Field(default=(".env",), description="Files with secrets, relative to this folder.")
    store: str = Field(
        default="", description="Where evidence is kept: files (default), or ${SIGNOFF_STORE} for a shared PostgreSQL."
    )
    not_applicable: tuple[NotApplicableFile, ...] = ()
    due_days: dict[Severity, Annotated[int, Field(ge=0, le=365)]] = Field(
        default=_DUE_DAYS, description="Days until an issue of the severity is due."
    )
    max_age: dict[str, Duration] = Field(default={}, description="Item id to a shorter freshness window.")
    full_recheck: bool = Field(default=True, description="After the last fix, everything must be observed again.")
    roster: tuple[PersonFile, ...] = ()
    approvals: ApprovalsFile = ApprovalsFile()
    separation_of_duties: SeparationFile = SeparationFile()
    waivers: WaiverRulesFile = WaiverRulesFile()
    attestations: AttestationRulesFile = AttestationRulesFile()
    rollback: RollbackFile | None = None
    production: bool = Field(
        default=True, description="Whether users depend on it; only where they do not may anything make load."
    )
    change_windows: tuple[ChangeWindowFile, ...] = Field(
        default=(), description="When commands that need --allow-active may act on it."
    )
    owasp: OwaspFile = OwaspFile()


def read_policy(document: Document, raw: object, checklist: Checklist, targets: Collection[str]) -> Policy | None:
    """Return the policy of the document, or None with every mistake noted in it.

    `raw` is the file without `${NAME}` replaced: the policy's digest is taken over it.
    """
    if document.data is None and document.problems:
        return None
    parsed = validate(document, document.data, PolicyFile)
    if parsed is None:
        return None
    _check_names(document, parsed, checklist, targets)
    _check_windows(document, parsed, checklist)
    check_signing(document, parsed.roster, parsed.approvals)
    roles = {role for person in parsed.roster for role in person.roles}
    check_rollback(document, parsed.rollback, roles)
    check_rules(document, checklist, parsed.waivers, parsed.attestations, roles)
    check_categories(document, parsed.owasp)
    return Policy(
        product=parsed.product,
        environment=parsed.environment,
        release=parsed.release.version,
        commit=parsed.release.commit,
        timezone=parsed.timezone,
        not_applicable=tuple(
            NotApplicable(
                item=entry.item,
                target=entry.target,
                reason=entry.reason,
                approver=entry.approver,
                place=document.place(("not_applicable", index)),
            )
            for index, entry in enumerate(parsed.not_applicable)
        ),
        due_days={**_DUE_DAYS, **parsed.due_days},
        max_age=parsed.max_age,
        roster=tuple(
            Person(
                name=person.name,
                roles=frozenset(person.roles),
                public_key=person.public_key,
                valid_from=person.valid_from,
                valid_until=person.valid_until,
                place=document.place(("roster", index)),
            )
            for index, person in enumerate(parsed.roster)
        ),
        approval_roles=parsed.approvals.roles,
        relaxed=parsed.separation_of_duties.relaxed,
        on_new_evidence=parsed.approvals.on_new_evidence,
        rollback=rollback_rule(parsed.rollback),
        full_recheck=parsed.full_recheck,
        waiver_days=parsed.waivers.days,
        not_waivable=frozenset(parsed.waivers.never),
        attesting_roles=frozenset(parsed.attestations.roles),
        attesting={item: frozenset(own) for item, own in parsed.attestations.items.items()},
        attestations_signed=parsed.attestations.signed == "required",
        attestation_days=parsed.attestations.longest,
        categories=categories(parsed.owasp),
        production=parsed.production,
        change_windows=tuple(
            ChangeWindow(opens=one.opens, closes=one.closes, purposes=frozenset(one.purposes), reason=one.reason)
            for one in parsed.change_windows
        ),
        sha256=digest(_rules(raw)),
    )


def _rules(raw: object) -> object:
    """Return the policy without what is no rule of judging: evidence may move, windows open, and approvals hold."""
    return {key: value for key, value in raw.items() if key not in _NO_RULES} if isinstance(raw, dict) else raw


def _check_names(document: Document, parsed: PolicyFile, checklist: Checklist, targets: Collection[str]) -> None:
    ids = {item.id for item in checklist.items}
    people = {person.name for person in parsed.roster}
    for index, entry in enumerate(parsed.not_applicable):
        here = ("not_applicable", index)
        if entry.item not in ids:
            document.add((*here, "item"), f"unknown item {entry.item!r}", did_you_mean(entry.item, ids))
        if entry.target != "*" and entry.target not in targets:
            document.add((*here, "target"), f"unknown target {entry.target!r}", did_you_mean(entry.target, targets))
        if entry.approver not in people:
            hint = did_you_mean(entry.approver, people) or "add the person to roster"
            document.add((*here, "approver"), f"{entry.approver!r} is not on the roster", hint)
    names = [person.name for person in parsed.roster]
    for index, name in enumerate(names):
        if name in names[:index]:
            document.add(("roster", index, "name"), f"{name!r} stands twice on the roster", "remove one of them")


def _check_windows(document: Document, parsed: PolicyFile, checklist: Checklist) -> None:
    ids = {item.id for item in checklist.items}
    for item_id, window in parsed.max_age.items():
        if item_id not in ids:
            document.add(("max_age", item_id), f"unknown item {item_id!r}", did_you_mean(item_id, ids))
        elif window > checklist.item(item_id).max_age:
            document.add(("max_age", item_id), "is longer than the checklist's", "a policy may only shorten it")
