"""Rollback triggers: criteria no looser than the plan's, and metrics to judge them by."""

import pytest


@pytest.mark.checklist(id="RBK-TRG-1")
def test_automatic_rollback_criteria_are_strict_enough(rollback_rule, evidence):
    rule, shown = rollback_rule, "no criteria"
    if rule:
        shown = f"errors over {rule.error_ratio:.1%}, p{rule.percentile * 100:g} over {rule.response_seconds:g} s"
        shown += f", mean over {rule.mean_limit:g} s"
    evidence(observed=shown, expected="errors over 5 % or less, responses over 1 s or less", inspected=4)
    assert rule is not None, "policy: no criteria for an automatic rollback are defined"
    assert rule.error_ratio <= 0.05, f"policy: rolls back over {rule.error_ratio:.1%} errors, the plan says 5 %"
    assert rule.response_seconds <= 1, f"policy: rolls back over {rule.response_seconds:g} s, the plan says 1 s"
    assert rule.mean_limit <= 1, f"policy: rolls back over a mean of {rule.mean_limit:g} s, the plan says 1 s"
    assert rule.percentile >= 0.95, (
        f"policy: judges the {rule.percentile * 100:g}th percentile, at least the 95th is due"
    )


@pytest.mark.checklist(id="RBK-TRG-1")
def test_metrics_of_the_criteria_are_collected(target, rollback_series, evidence):
    evidence(
        observed=", ".join(f"{selector}: {count} series" for selector, count in rollback_series.items()),
        expected="fresh series of each",
        inspected=sum(rollback_series.values()),
    )
    missing = [selector for selector, count in rollback_series.items() if not count]
    assert not missing, f"{target.name}: Prometheus has no {', '.join(missing)}: the criteria can never apply"
