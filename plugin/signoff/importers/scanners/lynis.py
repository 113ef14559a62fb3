"""Lynis's report.dat: warnings and suggestions about one host, and its hardening index."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._xml import whole_number
from signoff.importers.scanners.report import Finding, Report, Risk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

_KIND = "Lynis report"


def read(text: bytes | str, *, timezone: tzinfo = UTC) -> Report:
    """Return the audit.

    Args:
        text: The file that Lynis writes to `/var/log/lynis-report.dat`.
        timezone: Of its times, which carry no offset.

    Raises:
        DamagedReportError: a line that is none of Lynis's, no version, or an audit that did not come to its end.
    """
    values = _values(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
    if _one(values, "finish", "false") != "true":
        raise DamagedReportError(f"{_KIND}: no finish=true in it: the audit did not come to its end")
    index = _number(values, "hardening_index")
    if index > 100:  # noqa: PLR2004 - it is a percentage
        raise DamagedReportError(f"{_KIND}: hardening_index={index}: more than 100")
    return Report(
        producer="Lynis",
        version=_one(values, "lynis_version"),
        created=_ended(values, timezone),
        targets=frozenset(
            name for key in ("hostname", "hostid", "network_ipv4_address[]") for name in values.get(key, ())
        ),
        inspected=_number(values, "lynis_tests_done"),
        skipped=tuple(f"exception: {one[:100]}" for one in values.get("exception_event[]", ())),
        findings=(
            *(_finding(one, Risk.MEDIUM) for one in values.get("warning[]", ())),
            *(_finding(one, Risk.LOW) for one in values.get("suggestion[]", ())),
            *(_vulnerable(one) for one in values.get("vulnerable_package[]", ())),
        ),
        score=float(index),
    )


def _values(text: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, equals, value = line.strip().partition("=")
        if not equals or not key or " " in key or "\0" in line:
            raise DamagedReportError(f"{_KIND}: line {number}: not of the form key=value")
        found[key].append(value)
    return found


def _one(values: Mapping[str, Sequence[str]], key: str, default: str | None = None) -> str:
    found = values.get(key)
    if not found:
        if default is None:
            raise DamagedReportError(f"{_KIND}: no {key}= in it; import the whole report.dat")
        return default
    return found[-1]


def _number(values: Mapping[str, Sequence[str]], key: str) -> int:
    return whole_number(_one(values, key), DamagedReportError(f"{_KIND}: {key} is no whole number"))


def _ended(values: Mapping[str, Sequence[str]], timezone: tzinfo) -> datetime:
    stamp = _one(values, "report_datetime_end")
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=timezone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DamagedReportError(f"{_KIND}: report_datetime_end={stamp[:40]!r} is no time") from error


def _finding(entry: str, risk: Risk) -> Finding:
    test, _, rest = entry.partition("|")
    return Finding(rule=test, title=f"{test}: {rest.partition('|')[0]}", risk=risk, cwes=(16,))


def _vulnerable(entry: str) -> Finding:
    name, _, version = entry.partition("|")
    title = f"{name}: known vulnerability"
    return Finding(rule="PKGS-7392", title=title, risk=Risk.HIGH, version=version.strip("|"), cwes=(1395,))
