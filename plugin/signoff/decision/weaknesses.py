"""The matrix of weakness categories: which items speak for each, what they say, and what is left to people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.decision.history import deciding
from signoff.decision.items import Derived
from signoff.decision.notes import Note, joined
from signoff.model import Severity, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue, ItemResult, Policy, WeaknessCategory

_SERIOUS = frozenset({Severity.CRITICAL, Severity.HIGH})
_NAMED = re.compile(r"\bCWE-(\d{1,4})\b")


def every_weakness_category_is_covered(
    others: Sequence[ItemResult], issues: Sequence[Issue], *, any_evidence: bool, policy: Policy
) -> Derived:
    """Every category has an item that looked and passed, and none has a serious one that failed.

    A check speaks for the categories that its weaknesses (`cwe` in the checklist) are mapped to. A failure that names
    weaknesses (`CWE-79`), as those of scanners do, counts for their categories only. A category that is left to people
    is covered by the attestation that the item needs anyway.
    """
    del issues, any_evidence
    if not policy.categories:
        return Derived(State.NOT_VERIFIED, Note.NO_EVIDENCE())
    judged = [_judge(category, others) for category in policy.categories]
    return Derived(
        min((one.state for one in judged), key=lambda state: state.rank), joined(*(one.note for one in judged))
    )


def _judge(category: WeaknessCategory, others: Sequence[ItemResult]) -> Derived:
    sources = [other for other in others if _checks(other, category)]
    broken = [one.item.id for one in sources if _has_finding(one, category)]
    proven = [one.item.id for one in sources if one.state is State.PASS and _has_looked(one, category)]
    if broken:
        return Derived(State.FAIL, Note.CATEGORY_BROKEN(category=category.key, items=", ".join(broken)))
    if category.by_people:
        return Derived(State.PASS, Note.CATEGORY_BY_PEOPLE(category=category.key))
    if proven:
        return Derived(State.PASS, Note.CATEGORY_COVERED(category=category.key, items=", ".join(proven)))
    asked = ", ".join(f"{one.item.id} {one.state}" for one in sources) or "no item looks for it"
    return Derived(State.NOT_VERIFIED, Note.CATEGORY_UNCOVERED(category=category.key, items=asked))


def _checks(result: ItemResult, category: WeaknessCategory) -> frozenset[str]:
    """Return the item's checks that look for weaknesses of the category."""
    return frozenset(check.name for check in result.item.checks if check.weaknesses & category.cwes)


def _has_looked(result: ItemResult, category: WeaknessCategory) -> bool:
    """Whether one of those checks passed: an item may pass by another one."""
    checks = _checks(result, category)
    return any(cell.state is State.PASS and cell.cell.check in checks for cell in result.cells)


def _has_finding(result: ItemResult, category: WeaknessCategory) -> bool:
    """Whether the item failed, seriously, by something that is of the category."""
    if result.state is not State.FAIL or result.item.severity not in _SERIOUS:
        return False
    checks = _checks(result, category)
    for cell in result.cells:
        seen = deciding(cell)
        if cell.state is State.FAIL and seen is not None:
            named = _named(seen.reason)
            # A failure that names no weakness may be any of those that the check looks for.
            if named & category.cwes or (not named and cell.cell.check in checks):
                return True
    return False


def _named(text: str) -> frozenset[int]:
    return frozenset(map(int, _NAMED.findall(text)))
