"""Gatling's `js/assertions.json`: which of the limits that a simulation set itself were not kept.

Written by every version that draws a report (gatling-charts, AssertionsJsonTemplate); what assertions are:
https://docs.gatling.io/concepts/assertions/. What was measured is called `values` in old versions, else `actualValue`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from signoff.importers.runs.load_test import LoadTest

_KIND = "Gatling assertions"
_BEFORE = timedelta(minutes=10)
"""How long after the start of a run its first request may be sent."""
_LATEST = 253_402_300_799_000
"""The last millisecond that is a date."""


def broken(text: bytes, test: LoadTest) -> tuple[str, ...]:
    """Return the assertions that do not hold, in Gatling's own words, with what was measured.

    Args:
        text: The file.
        test: What the other files of the same run say.

    Raises:
        DamagedReportError: not such a file.
        NotVerifiedError: of another run, or the simulation asserts nothing.
    """
    root = Node.parse(text, kind=_KIND, error=DamagedReportError)
    start = root.at("start")
    if not 0 < start.count() <= _LATEST:
        raise start.wrong("milliseconds since 1970")
    began = datetime.fromtimestamp(start.count() / 1000, UTC)
    if not test.started - _BEFORE <= began <= test.finished:
        raise NotVerifiedError(f"{_KIND}: of a run that began at {began:%Y-%m-%dT%H:%M:%SZ}; import the files of one")
    found = root.at("assertions").items()
    if not found:
        raise NotVerifiedError(f"{_KIND}: the simulation asserts nothing; leave assertions: out, or write some")
    return tuple(_words(one) for one in found if not one.at("result").flag())


def _words(assertion: Node) -> str:
    measured = assertion.some("actualValue") or assertion.some("values")
    seen = ", ".join(f"{value.seconds():g}" for value in measured)
    return assertion.at("message").text() + (f" (was {seen})" if seen else "")
