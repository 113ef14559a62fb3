"""Data flows: the numbers of both sides agree, no key is without its source, and data keeps coming."""

import pytest


@pytest.mark.checklist(id="INT-SYS-4")
def test_figures_of_both_sides_agree(target, figures, evidence):
    left, right = figures
    accepted = target.settings.accepted(left, right)
    evidence(
        observed=f"{left:.15g} and {right:.15g}",
        expected=f"equal within {accepted:g}",
        inspected=2 if target.settings.allow_zero or left or right else 0,
    )
    assert abs(left - right) <= accepted, (
        f"{target.name}: {left:.15g} and {right:.15g} differ by more than {accepted:g}"
    )


@pytest.mark.checklist(id="INT-SYS-4")
def test_no_key_is_without_its_source(target, keys, evidence):
    limit = target.settings.orphans
    evidence(
        observed=f"{keys.left} keys, the source has {keys.right}, unknown there: {keys.only_left}",
        expected=f"<= {limit} unknown to the source",
        inspected=keys.left,
    )
    assert keys.only_left <= limit, f"{target.name}: the source does not know {keys.only_left} of {keys.left} keys"


@pytest.mark.checklist(id="INT-SYS-4")
def test_rows_are_the_same_in_both_stores(target, both_sides, evidence):
    evidence(
        observed=f"{both_sides.left} rows sha256 {both_sides.left_digest[:16]}, "
        f"{both_sides.right} rows sha256 {both_sides.right_digest[:16]}",
        expected="the same rows",
        inspected=both_sides.left + both_sides.right,
    )
    assert both_sides.left_digest == both_sides.right_digest, (
        f"{target.name}: {both_sides.only_left} rows only on the left, {both_sides.only_right} only on the right"
    )


@pytest.mark.checklist(id="INT-SYS-4")
def test_data_keeps_coming(target, age_of_newest, evidence):
    limit = target.settings.max_age
    evidence(observed=f"newest row is {age_of_newest} old", expected=f"at most {limit}", inspected=1)
    assert age_of_newest <= limit, f"{target.name}: nothing has come for {age_of_newest}, limit is {limit}"
