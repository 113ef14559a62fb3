"""Which operations of an OpenAPI document were tried: those that read by calling them, the others by a test report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.probes.web.openapi_calls import call

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from signoff.importers.runs.junit import Case
    from signoff.probes.web.http import Session
    from signoff.probes.web.openapi import Document, Operation
    from signoff.probes.web.openapi_calls import Call

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The GET operations, each called once."""

    operations: int
    excluded: int
    calls: tuple[Call, ...]
    open: tuple[str, ...]
    """What was not tried although nobody excluded it, each with its reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changing:
    """The operations that may change something, looked up in the release's own tests."""

    operations: int
    excluded: int
    failed: tuple[str, ...]
    """Named in a test case that failed."""
    open: tuple[str, ...]
    """Neither excluded nor named in a test case that passed, each with its reason."""


def read(
    document: Document,
    base_url: str,
    session_of: Callable[[str], Session],
    *,
    samples: Mapping[str, Mapping[str, str]],
    exclude: Collection[str],
) -> Reading:
    """Call every GET operation that is not excluded.

    Args:
        document: What the application serves.
        base_url: Where it answers.
        session_of: Whose session calls the operation.
        samples: Values for parameters, by operation.
        exclude: Operations that are left out on purpose.
    """
    operations = [one for one in document.operations if one.method == "GET"]
    calls = [
        call(session_of(str(one)), base_url, document, one, samples.get(str(one), {}))
        for one in operations
        if str(one) not in exclude
    ]
    gone = sorted(set(exclude) - {str(one) for one in document.operations})
    return Reading(
        operations=len(operations),
        excluded=len(operations) - len(calls),
        calls=tuple(one for one in calls if one.was_made),
        open=(
            *(f"{one.operation} (no sample for {', '.join(one.missing)})" for one in calls if one.missing),
            *(f"{name} (excluded, but not in the document)" for name in gone),
        ),
    )


def look_up(document: Document, cases: Iterable[Case], *, exclude: Collection[str]) -> Changing:
    """Return what the test cases say of every operation that may change something and is not excluded."""
    operations = [one for one in document.operations if one.method not in _READING]
    wanted = [one for one in operations if str(one) not in exclude]
    every = list(cases)
    outcomes = {one: {case.outcome for case in every if _names(case.name, one)} for one in wanted}
    return Changing(
        operations=len(operations),
        excluded=len(operations) - len(wanted),
        failed=tuple(str(one) for one, seen in outcomes.items() if seen & {"failed", "error"}),
        open=tuple(f"{one} (no passed test)" for one, seen in outcomes.items() if "passed" not in seen),
    )


def _names(text: str, operation: Operation) -> bool:
    """Return whether the text names this operation, and not a longer path that begins alike."""
    return re.search(rf"(?<![A-Za-z]){re.escape(str(operation))}(?![\w/{{-])", text) is not None
