"""Rules for items that are computed from the rest of the sign-off, by the name that the checklist gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signoff.decision.items import Derived
from signoff.decision.notes import Note
from signoff.decision.weaknesses import every_weakness_category_is_covered
from signoff.errors import ConfigError, Problem
from signoff.model import Method, Severity, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.model import Issue, Item, ItemResult, Policy

_UNDECIDED = frozenset({State.NOT_VERIFIED, State.ERROR, State.STALE})
_CRITICAL = frozenset({Severity.CRITICAL, Severity.HIGH})
_NAMED_AT_MOST = 5


class Rule(Protocol):
    """A rule's form."""

    def __call__(
        self, others: Sequence[ItemResult], issues: Sequence[Issue], *, any_evidence: bool, policy: Policy
    ) -> Derived:
        """Return what the rest of the sign-off says of the item."""


def every_item_is_complete(
    others: Sequence[ItemResult], issues: Sequence[Issue], *, any_evidence: bool, policy: Policy
) -> Derived:
    """Every other item is decided, for better or worse: none unjudged, unreachable or out of date."""
    del issues, any_evidence, policy
    undecided = [other.item.id for other in others if other.state in _UNDECIDED]
    if not others:
        return Derived(State.NOT_VERIFIED, Note.NO_EVIDENCE())
    if undecided:
        return Derived(State.NOT_VERIFIED, Note.UNDECIDED(count=len(undecided), items=_first(undecided)))
    return Derived(State.PASS)


def no_open_critical_issue(
    others: Sequence[ItemResult], issues: Sequence[Issue], *, any_evidence: bool, policy: Policy
) -> Derived:
    """No issue of severity critical or high is open; a fix that was only claimed leaves it open."""
    del others, policy
    open_ = [issue.key for issue in issues if issue.status.is_open and issue.severity in _CRITICAL]
    if open_:
        return Derived(State.FAIL, Note.OPEN_CRITICAL(count=len(open_), issues=_first(open_)))
    return Derived(State.PASS) if any_evidence else Derived(State.NOT_VERIFIED, Note.NO_EVIDENCE())


RULES: Mapping[str, Rule] = {
    # In the order of judgement: the last one looks at the items that the others decide.
    "every_weakness_category_is_covered": every_weakness_category_is_covered,
    "no_open_critical_issue": no_open_critical_issue,
    "every_item_is_complete": every_item_is_complete,
}

_NEEDS_PEOPLE = frozenset({"every_weakness_category_is_covered"})
"""Rules that leave a part to the item's attestation: only a hybrid item has one."""


def in_order(items: Sequence[Item]) -> list[Item]:
    """Return the computed items in the order in which their rules can be applied.

    Raises:
        ConfigError: an item names a rule that does not exist.
    """
    names = list(RULES)
    unknown = [item for item in items if item.derives and item.derives not in RULES]
    if unknown:
        hint = f"rules: {', '.join(names)}"
        raise ConfigError([_problem(item, f"no rule {item.derives!r}", hint) for item in unknown])
    alone = [item for item in items if item.derives in _NEEDS_PEOPLE and item.method is not Method.HYBRID]
    if alone:
        hint = "write method: hybrid"
        raise ConfigError([_problem(item, f"{item.derives} needs an attestation", hint) for item in alone])
    return sorted((item for item in items if item.derives), key=lambda item: names.index(item.derives))


def _problem(item: Item, message: str, hint: str) -> Problem:
    return Problem(file="checklist", line=1, column=1, path=f"{item.id}.derives", message=message, hint=hint)


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f", +{more}" if more > 0 else "")
