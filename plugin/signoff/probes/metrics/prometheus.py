"""Prometheus' HTTP API: targets, rules, its own state, and queries."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.metrics.promql import Selector, Threshold, selectors_of, threshold_of
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

# A rule file of a large team needs one small query for each of its metrics.
_BUDGET, _PER_SECOND = 1_000, 100.0
_USUAL_INTERVAL = 60.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScrapeTarget:
    """One thing that Prometheus asks for metrics."""

    job: str
    labels: Mapping[str, str]
    url: str
    health: str
    """`up`, `down` or `unknown` (not asked yet)."""
    last_error: str
    last_scrape: datetime
    interval_seconds: float | None
    """None: this version does not say."""

    def missed_scrapes(self, now: datetime) -> float:
        """Return for how many intervals (60 s if unknown) it has not been asked, by the server's own clock."""
        return (now - self.last_scrape).total_seconds() / (self.interval_seconds or _USUAL_INTERVAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One alerting or recording rule."""

    name: str
    type: str
    """`alerting` or `recording`."""
    expression: str
    hold_seconds: float
    labels: Mapping[str, str]
    health: str
    """`ok`, `err` or `unknown` (not evaluated yet)."""
    last_error: str
    state: str
    """`inactive`, `pending` or `firing`; empty for a recording rule."""

    @property
    def threshold(self) -> Threshold | None:
        """Return what the expression compares with."""
        return threshold_of(self.expression)


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """The state of the server itself."""

    is_ready: bool
    config_loaded: bool
    """Whether the last reload of its configuration succeeded."""
    corruptions: int
    retention: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One series of an instant query."""

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One series of a range query."""

    labels: Mapping[str, str]
    points: tuple[tuple[datetime, float], ...]


@contextmanager
def open_prometheus(
    url: str, *, user: str = "", password: str = "", ca_file: str | None = None
) -> Iterator[Prometheus]:
    """Give the server at the URL; the connection ends with the block."""
    with Session(origins=[url], ca_file=ca_file, budget=_BUDGET, per_second=_PER_SECOND) as session:
        if user:
            session.auth = (user, password)
        yield Prometheus(session, url)


def open_service(entry: Any) -> AbstractContextManager[Prometheus]:
    """Give the server of an inventory entry of kind prometheus, as the account that it names."""
    password = entry.password.get_secret_value() if entry.password else ""
    return open_prometheus(entry.url, user=entry.user, password=password, ca_file=entry.ca_file or None)


class Prometheus:
    """One server, read through a guarded session.

    Raises (every method):
        AuthenticationError: status 401 or 403.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: an answer that is none of Prometheus', or a query that it refuses.
    """

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    def targets(self) -> tuple[ScrapeTarget, ...]:
        """Return all active targets."""
        data = self._get("targets", {"state": "active"})
        return tuple(_target(entry) for entry in data["activeTargets"])

    def now(self) -> datetime:
        """Return the server's own time, against which its other instants can be judged."""
        return self.query("time()")[0].at

    def rules(self) -> tuple[Rule, ...]:
        """Return all rules of all groups."""
        return tuple(_rule(entry) for group in self._get("rules", {})["groups"] for entry in group["rules"])

    def alertmanagers(self) -> tuple[str, ...]:
        """Return the URLs of the Alertmanagers that it sends alerts to."""
        return tuple(entry["url"] for entry in self._get("alertmanagers", {})["activeAlertmanagers"])

    def runtime(self) -> Runtime:
        """Return the state of the server."""
        ready = self._session.get(f"{self._url}/-/ready")
        info = self._get("status/runtimeinfo", {})
        return Runtime(
            is_ready=ready.ok,
            config_loaded=bool(info["reloadConfigSuccess"]),
            corruptions=int(info["corruptionCount"]),
            retention=str(info.get("storageRetention", "")),
        )

    def query(self, expression: str, at: datetime | None = None) -> tuple[Sample, ...]:
        """Return the series of an instant query; a scalar is one series without labels."""
        params = {"query": expression} | ({"time": str(at.timestamp())} if at else {})
        data = self._get("query", params)
        rows = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
        return tuple(
            Sample(labels=row["metric"], value=float(row["value"][1]), at=_instant(row["value"][0])) for row in rows
        )

    def query_range(
        self, expression: str, *, start: datetime, end: datetime, step_seconds: float
    ) -> tuple[Series, ...]:
        """Return the series of a range query."""
        params = {
            "query": expression,
            "start": str(start.timestamp()),
            "end": str(end.timestamp()),
            "step": f"{step_seconds:g}",
        }
        return tuple(
            Series(
                labels=row["metric"],
                points=tuple((_instant(at), float(value)) for at, value in row["values"]),
            )
            for row in self._get("query_range", params)["result"]
        )

    def scalar(self, expression: str) -> float | None:
        """Return the one number that the expression yields; None if there is none, or it is NaN.

        Raises:
            NotVerifiedError: it yields more than one series.
        """
        samples = self.query(expression)
        if len(samples) > 1:
            raise NotVerifiedError(f"{expression}: {len(samples)} series where one number was expected; aggregate them")
        return next((sample.value for sample in samples if not math.isnan(sample.value)), None)

    def oldest_sample(self) -> timedelta | None:
        """Return how old its oldest sample is, by its own metrics; None if it does not collect those."""
        age = self.scalar("time() - min(prometheus_tsdb_lowest_timestamp_seconds)")
        # Before its first sample it puts the oldest one at the end of time, and it goes on saying so until it looks.
        return None if age is None or age < 0 else timedelta(seconds=age)

    def absent(self, selectors: Sequence[Selector]) -> tuple[Selector, ...]:
        """Return those of the selectors for which there is no series now."""
        return tuple(selector for selector in selectors if not self.query(f"count({selector})"))

    def dead_selectors(self, rules: Sequence[Rule]) -> dict[str, tuple[Selector, ...]]:
        """Return by rule name what the rule needs and is not there: such a rule can never fire."""
        needed = [(rule.name, selector) for rule in rules for selector in selectors_of(rule.expression)]
        missing = set(self.absent(sorted({selector for _, selector in needed})))
        dead: dict[str, tuple[Selector, ...]] = {}
        for name, selector in needed:
            if selector in missing:
                dead[name] = (*dead.get(name, ()), selector)
        return dead

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        response = self._session.get(f"{self._url}/api/v1/{path}", params=params)
        where = f"{self._url}/api/v1/{path}"
        if response.status_code in {401, 403}:
            raise AuthenticationError(f"{where}: status {response.status_code}; give credentials in the inventory")
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict) or document.get("status") not in {"success", "error"}:
            if response.status_code >= 500:  # noqa: PLR2004 - HTTP
                raise UnreachableError(f"{where}: status {response.status_code}")
            raise NotVerifiedError(f"{where}: status {response.status_code} and no answer of Prometheus; check the URL")
        if document["status"] == "error":
            raise NotVerifiedError(
                f"{where}: {document.get('error', 'refused')}: {params.get('query', '')}".rstrip(": ")
            )
        return _Checked(document["data"], where)


class _Checked(dict[str, Any]):
    """An answer in which a missing key is "no evidence", not a KeyError."""

    def __init__(self, data: Any, where: str) -> None:
        super().__init__(data if isinstance(data, dict) else {})
        self._where = where

    def __missing__(self, key: str) -> Any:
        raise NotVerifiedError(f"{self._where}: the answer has no {key}; which version is this?")


def parse_seconds(duration: str) -> float | None:
    """Return the seconds of a duration as Prometheus writes it (`1m30s`); None if it is none."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _target(entry: Mapping[str, Any]) -> ScrapeTarget:
    labels = entry.get("labels", {})
    return ScrapeTarget(
        job=labels.get("job", entry.get("scrapePool", "")),
        labels=labels,
        url=entry.get("scrapeUrl", ""),
        health=entry.get("health", "unknown"),
        last_error=entry.get("lastError", ""),
        last_scrape=_rfc3339(entry.get("lastScrape", "")),
        interval_seconds=parse_seconds(entry.get("scrapeInterval", "")),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        name=entry.get("name", ""),
        type=entry.get("type", ""),
        expression=entry.get("query", ""),
        hold_seconds=float(entry.get("duration", 0)),
        labels=entry.get("labels", {}),
        health=entry.get("health", "unknown"),
        last_error=entry.get("lastError", ""),
        state=entry.get("state", ""),
    )


def _rfc3339(text: str) -> datetime:
    """Return the instant; what cannot be read is the beginning of time, as Prometheus writes "never"."""
    # Prometheus writes nanoseconds; Python reads microseconds.
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
