"""Plans of AWS Backup: how often, how long kept, copied where, and locked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.aws.session import AwsSession

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)\Z")
_HOURS = re.compile(r"\d{1,2}([,-]\d{1,2})*\Z")
_DAY_FIELDS = re.compile(r"[*?]\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRule:
    """One rule of a plan of AWS Backup."""

    name: str
    vault: str
    every: timedelta | None
    """Longest time between two backups; None: its schedule is not understood."""
    days_kept: float
    """Infinite: for ever."""
    copies: tuple[str, ...]
    """ARNs of the vaults in another region or account that get a copy."""
    vault_locked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One plan of AWS Backup."""

    rules: tuple[PlanRule, ...]
    selections: tuple[str, ...]
    """Names of what says which resources are backed up; none: nothing is, whatever the rules say."""


def read_plan(session: AwsSession, region: str, name: str) -> Plan:
    """Return the plan of that name.

    Raises:
        NotVerifiedError: there is no such plan.
    """
    plans = session.items("backup", "list_backup_plans", "BackupPlansList", region=region)
    mine = [one["BackupPlanId"] for one in plans if one["BackupPlanName"] == name]
    if len(mine) != 1:
        raise NotVerifiedError(f"{region}: {len(mine)} backup plans are called {name}; correct the name")
    plan = session.ask("backup", "get_backup_plan", region=region, BackupPlanId=mine[0])["BackupPlan"]
    chosen = session.items(
        "backup", "list_backup_selections", "BackupSelectionsList", region=region, BackupPlanId=mine[0]
    )
    return Plan(
        rules=tuple(_rule(session, region, one) for one in plan["Rules"]),
        selections=tuple(one["SelectionName"] for one in chosen),
    )


def _rule(session: AwsSession, region: str, rule: dict[str, Any]) -> PlanRule:
    vault = rule["TargetBackupVaultName"]
    facts = session.ask("backup", "describe_backup_vault", region=region, BackupVaultName=vault)
    return PlanRule(
        name=rule["RuleName"],
        vault=vault,
        every=interval(rule.get("ScheduleExpression", "")),
        days_kept=float((rule.get("Lifecycle") or {}).get("DeleteAfterDays") or math.inf),
        copies=tuple(
            one["DestinationBackupVaultArn"]
            for one in rule.get("CopyActions") or ()
            if _is_elsewhere(session, region, one["DestinationBackupVaultArn"])
        ),
        vault_locked=bool(facts.get("Locked")),
    )


def _is_elsewhere(session: AwsSession, region: str, arn: str) -> bool:
    return arn.split(":")[3:5] != [region, session.account]


def interval(expression: str) -> timedelta | None:
    """Return the longest time between two runs of a schedule of Amazon's; None if it is not understood.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    if rate := _RATE.match(expression):
        return timedelta(**{f"{rate[2]}s": int(rate[1])})
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    if not expression.startswith("cron(") or len(fields) != 6:  # noqa: PLR2004 - Amazon's six fields
        return None
    _, hour, day, month, weekday, year = fields
    if (month, year) != ("*", "*"):
        return None
    if _DAY_FIELDS.match(day) and _DAY_FIELDS.match(weekday):
        return _within_a_day(hour)
    if _DAY_FIELDS.match(day) and weekday.isalnum():
        return timedelta(days=7)
    return timedelta(days=31) if day.isdigit() else None


def _within_a_day(hour: str) -> timedelta | None:
    if hour == "*":
        return timedelta(hours=1)
    start, slash, step = hour.partition("/")
    if slash and step.isdigit() and start in {"*", "0"}:
        # The last step of the day is shorter unless it divides the day, never longer.
        return timedelta(hours=int(step))
    return timedelta(days=1) if _HOURS.match(hour) else None
