"""A rule, a release and what was measured of it: healthy unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from signoff.decision.rollback.rule import Measurement, judge
from signoff.decision.rollback.watch import Watch
from signoff.model import RollbackRule, RollbackVerdict

KEEP, HOLD, ROLL_BACK = RollbackVerdict.KEEP, RollbackVerdict.HOLD, RollbackVerdict.ROLL_BACK
NOW = datetime(2025, 6, 28, 5, 0, tzinfo=UTC)
RULE = RollbackRule(
    error_ratio=0.05,
    response_seconds=1.0,
    percentile=0.95,
    window=timedelta(minutes=5),
    min_samples=100,
    watch=timedelta(minutes=10),
    step=timedelta(minutes=1),
)


def measured(**fields: Any) -> Measurement:
    values = {"requests": "1000", "errors": "0", "timed": "1000", "percentile_seconds": "0.4", "mean_seconds": "0.1"}
    given_values = {
        name: None if value is None else Decimal(str(value))
        for name, value in {**values, **{name: fields.pop(name) for name in list(fields) if name in values}}.items()
    }
    return Measurement(**{"service": "shop", "at": NOW, **given_values, **fields})


WATCH = Watch.of(RULE, NOW)


def window(at: datetime, verdict: RollbackVerdict, service: str = "shop") -> Any:
    fields = {KEEP: {}, HOLD: {"requests": 3}, ROLL_BACK: {"errors": 500}}[verdict]
    return judge(measured(at=at, service=service, **fields), RULE)
