"""Keeps one Jira issue for each entry of the register. The register leads; people's moves in Jira are respected.

The key of the issue is kept in the ledger, and searched for by label only where it is missing: a search may not see yet
what was created minutes ago. So the intent to create is noted first, and an issue that may exist is waited for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.canonical import digest
from signoff.errors import PublishError
from signoff.model import IssueStatus
from signoff.publish.content import issue_digest
from signoff.publish.jira_text import changed_text, due_of, fields_of, with_due
from signoff.publish.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from signoff.config.publishing import JiraFile
    from signoff.model import Issue, ItemResult, Publication, Signoff
    from signoff.publish.record import Publications
    from signoff.publish.tracker import Ticket, Tracker
    from signoff.reports.messages import Messages

_CHANGE = "change"
INDEX_LAG = timedelta(minutes=15)
"""How long a created issue may stay out of the search's sight."""
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9._-]+")
_STUCK = "the workflow has no transition to a fitting status; move it by hand"
_DISPUTED = "closed by hand, and it still fails: it is left closed"
_PROVEN = frozenset({IssueStatus.VERIFIED, IssueStatus.CLOSED})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One entry of the register, with what was told of it and what Jira has."""

    issue: Issue
    item: ItemResult | None
    before: Publication | None
    ticket: Ticket


class Issues:
    """Publishes the register of one decision.

    Args:
        tracker: the project.
        known: what was published before.
        settings: fields of new issues.
        signoff: the decision.
        messages: in the language of the issues.
        now: when this publishing began.
        redact: masks what looks like a credential.
    """

    def __init__(  # noqa: PLR0913 - a register, its readers, and the instant
        self,
        tracker: Tracker,
        known: Publications,
        *,
        settings: JiraFile,
        signoff: Signoff,
        messages: Messages,
        now: datetime,
        redact: Callable[[str], str],
    ) -> None:
        self._tracker, self._known, self._settings = tracker, known, settings
        self._signoff, self._m, self._now, self._redact = signoff, messages, now, redact
        self._items: Mapping[str, ItemResult] = {result.item.id: result for result in signoff.items}

    def publish(self) -> Iterator[Outcome]:
        """Yield what became of each entry; one that fails does not keep the others."""
        for issue in self._signoff.issues:
            try:
                yield from self._one(issue)
            except PublishError as error:
                yield Outcome(subject=issue.key, what="failed", text=str(error))

    def _one(self, issue: Issue) -> Iterator[Outcome]:
        before = self._known.last(issue.key)
        key = before.place if before is not None else ""
        ticket = self._tracker.ticket(key) if key else self._found(issue)
        if ticket is None and key:
            raise PublishError(f"{key} is gone or hidden from the account; it is not created again")
        if ticket is None and not issue.status.is_open:
            yield Outcome(subject=issue.key, what="left", text="not open, and never published")
        elif ticket is None:
            yield self._create(issue)
        else:
            yield self._update(_Entry(issue=issue, item=self._items.get(issue.item), before=before, ticket=ticket))

    def _found(self, issue: Issue) -> Ticket | None:
        """Return the issue that was created although nobody noted its key.

        Raises:
            PublishError: one may exist that the search cannot see yet.
        """
        found = self._tracker.labelled(label_of(self._signoff, issue))
        begun = self._known.begun(issue.key)
        if not found and begun is not None and self._now - begun < INDEX_LAG:
            minutes = INDEX_LAG // timedelta(minutes=1)
            raise PublishError(f"it may have been created already; run it again in {minutes} minutes")
        return found[0] if found else None

    def _create(self, issue: Issue) -> Outcome:
        result = self._items.get(issue.item)
        label = label_of(self._signoff, issue)
        fields, optional = fields_of(self._settings, self._signoff, issue, result, label, self._m)
        for name in ("summary", "description"):
            fields[name] = self._redact(fields[name])
        self._known.begin(issue.key)
        key, left_out = self._tracker.create(fields, optional)
        told = () if "duedate" in left_out else with_due((), issue)
        self._known.note(issue.key, place=key, digest=issue_digest(issue), told=told)
        without = f"without {', '.join(left_out)}: the project's screen lacks it" if left_out else ""
        return Outcome(subject=issue.key, what="created", place=key, text=without)

    def _update(self, entry: _Entry) -> Outcome:
        """Bring one issue up to date: at most one comment and one move for each change of the register."""
        issue, before, ticket = entry.issue, entry.before, entry.ticket
        same = Outcome(subject=issue.key, what="unchanged", place=ticket.key)
        told = with_due((), issue) if before is None else before.told
        if issue.status.is_open and ticket.done:
            outcome, told = self._contradict(entry, told)
            if outcome is None:
                return replace(same, text=_DISPUTED)
        elif before is not None and before.digest == issue_digest(issue):
            return same
        elif issue.status in _PROVEN:
            outcome = self._prove(entry)
        elif before is None and issue.status.is_open:
            outcome = replace(same, text="found by its label")
        else:
            outcome = self._tell(entry)
            told = with_due(told, issue) if due_of(told) else told
        self._known.note(issue.key, place=ticket.key, digest=issue_digest(issue), told=told)
        return outcome

    def _prove(self, entry: _Entry) -> Outcome:
        """Comment with the evidence, then close."""
        issue, ticket = entry.issue, entry.ticket
        evidence = _evidence(entry.item, issue)
        text = self._m("publish.jira_verified", run=issue.verified_run or "-", evidence=evidence or "-")
        self._comment(entry, f"{text}\n{issue.action}".strip(), _CHANGE)
        if ticket.done or self._tracker.move(ticket.key, "done"):
            return Outcome(subject=issue.key, what="closed", place=ticket.key)
        self._comment(entry, self._m("publish.jira_no_transition"), "stuck")
        return Outcome(subject=issue.key, what="commented", place=ticket.key, text=_STUCK)

    def _contradict(self, entry: _Entry, told: tuple[str, ...]) -> tuple[Outcome | None, tuple[str, ...]]:
        """Open again what is closed and still fails, once each time the register opened it; then only say so, once."""
        issue, ticket = entry.issue, entry.ticket
        again, said = f"reopened:{issue.reopen_count}", f"disputed:{issue.reopen_count}"
        if again not in told:
            changed = entry.before is None or entry.before.digest != issue_digest(issue)
            # The comment comes first: should its note be lost, its mark keeps it from being repeated.
            self._comment(entry, self._m("publish.jira_reopened"), _CHANGE if changed else again)
            if self._tracker.move(ticket.key, "open"):
                return Outcome(subject=issue.key, what="reopened", place=ticket.key), (*told, again)
            self._comment(entry, self._m("publish.jira_no_transition"), "stuck")
            return Outcome(subject=issue.key, what="commented", place=ticket.key, text=_STUCK), (*told, again)
        if said not in told:
            self._comment(entry, self._m("publish.jira_disputed"), said)
            return Outcome(subject=issue.key, what="commented", place=ticket.key, text=_DISPUTED), (*told, said)
        return None, told

    def _tell(self, entry: _Entry) -> Outcome:
        """Comment on what changed in the register; what people wrote into the issue stays."""
        issue, ticket, before = entry.issue, entry.ticket, entry.before
        if issue.status is IssueStatus.WAIVED:
            text = self._m("publish.jira_waived")
        else:
            text = changed_text(issue, self._signoff, self._m)
        if before is not None and due_of(before.told) not in {"", issue.due.isoformat()}:
            self._tracker.set_due(ticket.key, issue.due.isoformat())
        self._comment(entry, text, _CHANGE)
        return Outcome(subject=issue.key, what="commented", place=ticket.key)

    def _comment(self, entry: _Entry, text: str, about: str) -> None:
        mark = f"[signoff:{digest([entry.issue.key, issue_digest(entry.issue), about])[:12]}]"
        self._tracker.comment(entry.ticket.key, self._redact(text), mark)


def label_of(signoff: Signoff, issue: Issue) -> str:
    """Return the label that finds the issue: unique for environment, release, item and failure, without spaces."""
    parts = (signoff.environment, signoff.release, issue.item, issue.fingerprint[:8])
    plain = "-".join(_NOT_IN_LABELS.sub("_", part) for part in parts)
    exact = "" if plain == "-".join(parts) else f"-{digest(list(parts))[:8]}"
    return f"signoff-{plain[:200]}{exact}"


def _evidence(result: ItemResult | None, issue: Issue) -> str:
    """Return digests of the evidence that proves the fix, shortened."""
    cells = () if result is None else result.cells
    mine = [c.observation for c in cells if c.observation is not None and c.observation.run == issue.verified_run]
    return ", ".join(sorted({seen.evidence_sha256[:16] for seen in mine if seen.evidence_sha256}))
