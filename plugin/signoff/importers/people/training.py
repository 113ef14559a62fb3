"""The record of who was trained for operations, when, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers.admissible import SKEW
from signoff.importers.people.on_call_list import only, yaml_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from signoff.probes.products.on_call import OnCallPerson

_KIND = "training record"


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """One person's training. `person` is the id or the name by which the roster knows them."""

    person: str
    at: datetime
    by: str
    subject: str


def read(text: bytes, *, now: datetime) -> tuple[Training, ...]:
    """Return the trainings: YAML with `schema_version` 1 and `trainings` with `person`, `at`, `by` and `subject`.

    Raises:
        DamagedReportError: not such a record.
        NotVerifiedError: empty, dated in the future, or of somebody who trained themselves.
    """
    root = yaml_node(text, _KIND)
    only(root, {"schema_version", "trainings"})
    found = []
    for entry in root.at("trainings").items():
        only(entry, {"person", "at", "by", "subject"})
        one = Training(
            person=entry.at("person").text(),
            at=entry.at("at").instant(),
            by=entry.at("by").text(),
            subject=entry.at("subject").text(),
        )
        if one.at > now + SKEW:
            raise NotVerifiedError(f"{_KIND}: {one.person} is trained in the future; correct the date")
        if one.by == one.person:
            raise NotVerifiedError(f"{_KIND}: {one.person} trained themselves; somebody else has to say so")
        found.append(one)
    if not found:
        raise NotVerifiedError(f"{_KIND}: it is empty; write down who was trained")
    return tuple(found)


def newest(trainings: Iterable[Training], people: Iterable[OnCallPerson]) -> Mapping[str, datetime | None]:
    """Return by person's id when they were last trained; None: never."""
    dated: dict[str, datetime] = {}
    for one in trainings:
        dated[one.person] = max(one.at, dated.get(one.person, one.at))
    return {
        person.id: max((dated[key] for key in {person.id, person.name} if key in dated), default=None)
        for person in people
    }


def lacking(trained: Mapping[str, datetime | None], *, now: datetime, max_age: timedelta) -> tuple[str, ...]:
    """Return who was never trained, or so long ago that it does not count any more, with the reason."""
    return tuple(
        f"{person} (never)" if at is None else f"{person} ({(now - at).days} days ago)"
        for person, at in sorted(trained.items())
        if at is None or now - at > max_age
    )
