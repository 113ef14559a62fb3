"""Amazon's budgets and cost-anomaly monitors: when somebody is told, and whether anybody gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.aws.session import AwsRefusalError
from signoff.probes.cloud.model import Budget, CostAlert, CostFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signoff.probes.aws.session import AwsSession

_ABSENT = "NotFoundException"


def read_costs(aws: AwsSession) -> CostFacts:
    """Return all budgets, and the monitors of unusual costs; errors as of `AwsSession.ask`."""
    subscriptions = aws.items("ce", "get_anomaly_subscriptions", "AnomalySubscriptions")
    return CostFacts(
        budgets=tuple(
            _budget(aws, one["BudgetName"], one)
            for one in aws.items("budgets", "describe_budgets", "Budgets", AccountId=aws.account)
        ),
        monitors=tuple(
            _alert(aws, 0, [who for sub in subscriptions if _about(sub, monitor) for who in sub["Subscribers"]])
            for monitor in aws.items("ce", "get_anomaly_monitors", "AnomalyMonitors")
        ),
    )


def _about(subscription: Mapping[str, Any], monitor: Mapping[str, Any]) -> bool:
    return monitor["MonitorArn"] in subscription["MonitorArnList"]


def _budget(aws: AwsSession, name: str, entry: Mapping[str, Any]) -> Budget:
    ours = {"AccountId": aws.account, "BudgetName": name}
    limit = float((entry.get("BudgetLimit") or {}).get("Amount") or 0)
    return Budget(
        name=name,
        alerts=tuple(
            _alert(
                aws,
                _percent(notification, limit),
                aws.items(
                    "budgets",
                    "describe_subscribers_for_notification",
                    "Subscribers",
                    **ours,
                    Notification={
                        key: notification[key]
                        for key in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
                        if key in notification
                    },
                ),
            )
            for notification in aws.items("budgets", "describe_notifications_for_budget", "Notifications", **ours)
        ),
    )


def _percent(notification: Mapping[str, Any], limit: float) -> float:
    threshold = float(notification["Threshold"])
    if notification.get("ThresholdType") == "ABSOLUTE_VALUE":
        return threshold / limit * 100 if limit else float("inf")
    return threshold


def _alert(aws: AwsSession, percent: float, subscribers: Iterable[Mapping[str, Any]]) -> CostAlert:
    receivers: list[str] = []
    dead: list[str] = []
    for one in subscribers:
        kind, address = one.get("Type") or one["SubscriptionType"], one["Address"]
        name = f"e-mail at {address.rpartition('@')[2]}" if kind == "EMAIL" else f"topic {address.rpartition(':')[2]}"
        lives = one.get("Status") != "DECLINED" and (kind == "EMAIL" or _is_heard(aws, address))
        (receivers if lives else dead).append(name)
    return CostAlert(percent=percent, receivers=tuple(sorted(set(receivers))), dead=tuple(sorted(set(dead))))


def _is_heard(aws: AwsSession, topic: str) -> bool:
    """Whether anybody has confirmed that he listens to the topic."""
    region = topic.split(":")[3]
    if region not in aws.regions:
        raise NotVerifiedError(
            f"topic {topic.rpartition(':')[2]} is in {region}, which the inventory does not name; move it"
        )
    try:
        found = aws.items("sns", "list_subscriptions_by_topic", "Subscriptions", region=region, TopicArn=topic)
    except AwsRefusalError as error:
        if error.code.startswith("NotFound"):
            return False
        raise
    return any(one["SubscriptionArn"].startswith("arn:") for one in found)
