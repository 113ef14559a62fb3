"""Alert rules: read from Prometheus' rule files, evaluated, and told in the form of its HTTP API."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from prombed import parse_duration
from prombed.errors import PrombedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Query = Callable[[str], dict[str, Any]]

_TEMPLATE = re.compile(r"\{\{\s*\$(value|labels\.(\w+))\s*\}\}")


@dataclass(kw_only=True, slots=True)
class Alert:
    """One series for which a rule's expression holds."""

    labels: dict[str, str]
    active_at: float
    value: str
    firing: bool = False


@dataclass(kw_only=True, slots=True)
class Rule:
    """One alert rule and what its last evaluation said."""

    name: str
    expression: str
    hold_seconds: float
    labels: dict[str, str]
    annotations: dict[str, str]
    alerts: dict[frozenset[tuple[str, str]], Alert] = field(default_factory=dict)
    error: str = ""
    evaluated_at: float = 0.0
    duration: float = 0.0

    @property
    def state(self) -> str:
        """inactive, pending or firing: the worst of its alerts."""
        if any(alert.firing for alert in self.alerts.values()):
            return "firing"
        return "pending" if self.alerts else "inactive"

    def evaluate(self, query: Query, now: float) -> None:
        """Ask the expression and follow each of its series; a broken expression leaves the alerts as they were."""
        started = time.perf_counter()
        try:
            series = query(self.expression)["data"]["result"]
        except PrombedError as error:
            self.error = str(error)
        else:
            self.error = ""
            self._follow(series, now)
        self.evaluated_at, self.duration = now, time.perf_counter() - started

    def _follow(self, series: list[dict[str, Any]], now: float) -> None:
        seen: dict[frozenset[tuple[str, str]], Alert] = {}
        for one in series:
            plain = {name: value for name, value in one["metric"].items() if name != "__name__"}
            labels = {**plain, **self.labels, "alertname": self.name}
            key = frozenset(labels.items())
            alert = self.alerts.get(key) or Alert(labels=labels, active_at=now, value="")
            alert.value = one["value"][1]
            alert.firing = now - alert.active_at >= self.hold_seconds
            seen[key] = alert
        self.alerts = seen


class RuleFile:
    """The rule groups of one file, read again when the file changes; a rule that stays keeps its state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.groups: dict[str, list[Rule]] = {}
        self.error = ""
        self._version: tuple[int, int] = (0, 0)

    def refresh(self) -> None:
        """Read the file if it changed; an unreadable one leaves the rules as they were and sets `error`."""
        try:
            status = self.path.stat()
            if (version := (status.st_mtime_ns, status.st_size)) == self._version:
                return
            document = yaml.safe_load(self.path.read_text(encoding="utf-8"))
            groups = {group["name"]: [_rule(one) for one in group["rules"]] for group in document["groups"]}
        except (OSError, yaml.YAMLError, KeyError, TypeError, PrombedError) as error:
            self.error = f"{self.path.name}: {error}"
            return
        for name, rules in groups.items():
            known = {(old.name, old.expression): old for old in self.groups.get(name, [])}
            for rule in rules:
                if old := known.get((rule.name, rule.expression)):
                    rule.alerts = old.alerts
        self.groups, self.error, self._version = groups, "", version

    def rules(self) -> Iterable[Rule]:
        """Return every rule of every group."""
        return [rule for rules in self.groups.values() for rule in rules]

    def to_api(self, interval: float) -> list[dict[str, Any]]:
        """Return the groups as `/api/v1/rules` shows them."""
        return [
            {
                "name": name,
                "file": str(self.path),
                "rules": [_rule_to_api(rule) for rule in rules],
                "interval": interval,
                "limit": 0,
                "evaluationTime": sum(rule.duration for rule in rules),
                "lastEvaluation": instant(max((rule.evaluated_at for rule in rules), default=0.0)),
            }
            for name, rules in self.groups.items()
        ]


def alerts_to_api(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Return every pending and firing alert as `/api/v1/alerts` shows it."""
    return [
        {
            "labels": alert.labels,
            "annotations": {name: _expand(text, alert) for name, text in rule.annotations.items()},
            "state": "firing" if alert.firing else "pending",
            "activeAt": instant(alert.active_at),
            "value": alert.value,
        }
        for rule in rules
        for alert in rule.alerts.values()
    ]


def instant(seconds: float) -> str:
    """Return Unix seconds as Prometheus writes an instant; 0 is its "never"."""
    if seconds <= 0:
        return "0001-01-01T00:00:00Z"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(duration: str) -> float:
    """Return the seconds of a duration such as `1m30s`."""
    return 0.0 if duration in {"0", "0s"} else float(parse_duration(duration)) / 1_000


def _rule(data: dict[str, Any]) -> Rule:
    return Rule(
        name=str(data["alert"]),
        expression=str(data["expr"]),
        hold_seconds=seconds(str(data.get("for", "0s"))),
        labels={str(name): str(value) for name, value in (data.get("labels") or {}).items()},
        annotations={str(name): str(value) for name, value in (data.get("annotations") or {}).items()},
    )


def _rule_to_api(rule: Rule) -> dict[str, Any]:
    return {
        "state": rule.state,
        "name": rule.name,
        "query": rule.expression,
        "duration": rule.hold_seconds,
        "keepFiringFor": 0,
        "labels": rule.labels,
        "annotations": rule.annotations,
        "alerts": alerts_to_api([rule]),
        "health": "err" if rule.error else "ok" if rule.evaluated_at else "unknown",
        **({"lastError": rule.error} if rule.error else {}),
        "evaluationTime": rule.duration,
        "lastEvaluation": instant(rule.evaluated_at),
        "type": "alerting",
    }


def _expand(text: str, alert: Alert) -> str:
    return _TEMPLATE.sub(lambda found: alert.value if found[1] == "value" else alert.labels.get(found[2], ""), text)
