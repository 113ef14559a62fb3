"""What an issue in Jira says: its fields when it is new, and its comments when the register changes. Plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.reports.facts import item_fact
from signoff.reports.instants import shown, zone
from signoff.reports.plaintext import clip, one_line
from signoff.reports.register import due_words, flags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.config.publishing import JiraFile
    from signoff.model import Issue, ItemResult, Signoff
    from signoff.reports.messages import Messages

_SUMMARY = 235
"""Jira takes 255 characters in one line."""
_TEXT = 30_000
"""Jira takes 32,767 characters."""


def fields_of(  # noqa: PLR0913, PLR0917 - an issue and everything that it is told with
    settings: JiraFile, signoff: Signoff, issue: Issue, result: ItemResult | None, label: str, m: Messages
) -> tuple[dict[str, Any], Sequence[str]]:
    """Return the fields of a new issue, and the names of those that it can do without."""
    title = m.text(result.item.title) if result is not None else issue.summary
    optional: dict[str, Any] = {"duedate": issue.due.isoformat()}
    if issue.severity in settings.priorities:
        optional["priority"] = {"name": settings.priorities[issue.severity]}
    if issue.owner in settings.assignees:
        kind = "id" if settings.flavour == "cloud" else "name"
        optional["assignee"] = {kind: settings.assignees[issue.owner]}
    fields = {
        "project": {"key": settings.project},
        "issuetype": {"name": settings.issue_type},
        "summary": one_line(f"[{issue.item}] {title}", _SUMMARY),
        "description": clip("\n".join(_description(signoff, issue, result, m)), _TEXT),
        "labels": [label, *settings.labels],
        **optional,
    }
    return fields, list(optional)


def changed_text(issue: Issue, signoff: Signoff, m: Messages) -> str:
    """Return the comment on a change of the register."""
    return clip("\n".join([m("publish.jira_changed"), *_facts(issue, signoff, m)]), _TEXT)


def due_of(told: Sequence[str]) -> str:
    """Return the due day that was told last; empty if none was."""
    return next((fact.partition(":")[2] for fact in told if fact.startswith("due:")), "")


def with_due(told: Sequence[str], issue: Issue) -> tuple[str, ...]:
    """Return the facts that were told, with the issue's due day as it is now."""
    return (f"due:{issue.due.isoformat()}", *(fact for fact in told if not fact.startswith("due:")))


def _description(signoff: Signoff, issue: Issue, result: ItemResult | None, m: Messages) -> Iterator[str]:
    yield m("publish.jira_found")
    yield ""
    yield f"{m('word.release')}: {signoff.product} {signoff.release} ({signoff.environment})"
    yield f"{m('word.issue')}: {issue.key}"
    yield f"{m('page.issue_summary')}: {issue.summary}"
    if result is not None:
        fact = item_fact(result, m)
        yield f"{m('word.observed')}: {fact}"
        if fact.expected:
            yield f"{m('word.expected')}: {fact.expected}"
        yield f"{m('word.next_step')}: {m.text(result.item.remediation)}"
    yield from _facts(issue, signoff, m)
    yield f"{m('word.fingerprint')}: {issue.fingerprint}"
    yield ""
    yield m("publish.jira_register")


def _facts(issue: Issue, signoff: Signoff, m: Messages) -> Iterator[str]:
    status = " · ".join([m.name("issue", issue.status), *flags(issue, m)])
    yield f"{m('issues.status')}: {status}"
    yield f"{m('word.severity')}: {m.name('severity', issue.severity)}"
    yield f"{m('issues.targets')}: {', '.join(issue.targets)}"
    yield f"{m('word.owner')}: {issue.owner}"
    yield f"{m('word.due')}: {due_words(issue, m)}"
    for key, text in (("issues.cause", issue.cause), ("issues.action", issue.action)):
        if text:
            yield f"{m(key)}: {text}"
    yield from (f"{m('issues.planned')}: {step}" for step in issue.planned)
    yield f"{m('issues.opened')}: {shown(issue.opened, zone(signoff.timezone))}"
