"""What follows from a decision: it is recorded and then, only to roll back and only if asked, its command runs once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.cli.common import utc_now
from signoff.cli.guard.command import execute
from signoff.errors import SignoffError
from signoff.model import RollbackCommand, RollbackDecision, RollbackVerdict
from signoff.store.lock import locked

if TYPE_CHECKING:
    from datetime import timedelta

    from signoff.model import LedgerRecord
    from signoff.workspace import Workspace

STATUS = {RollbackVerdict.KEEP: 0, RollbackVerdict.ROLL_BACK: 20, RollbackVerdict.HOLD: 21}
"""Exit status of each decision; none of pytest's, nor of a verdict."""
NOT_ROLLED_BACK = 22
"""Exit status of a decision to roll back whose command failed, or was not run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """The command that rolls back, as it was given."""

    words: list[str]
    limit: timedelta
    again: bool
    """Run it although one was run for this release before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What was recorded, and what became of the command."""

    record: LedgerRecord
    command: RollbackCommand | None = None
    before: RollbackDecision | None = None
    """The earlier decision for this release that had a command run: the reason why none ran now."""
    lost: str = ""
    """Why the command's end could not be recorded."""

    @property
    def exit_status(self) -> int:
        """The exit status that says it."""
        if self.before is not None or (self.command is not None and self.command.outcome != "succeeded"):
            return NOT_ROLLED_BACK
        return STATUS[_decision(self.record).verdict]


def conclude(workspace: Workspace, decision: RollbackDecision, order: Order | None) -> Conclusion:
    """Record the decision and, if it is to roll back and a command was given, run that and record its end.

    The decision, command included, is recorded before the command starts: whoever finds it without an end knows that
    the command may have run, and it is not run again for this release unless that is asked for.

    Raises:
        SignoffError: the decision cannot be recorded; the command was not run.
    """
    if order is None or decision.verdict is not RollbackVerdict.ROLL_BACK:
        return Conclusion(record=_record(workspace, decision, ""))
    lock = workspace.reports / "guard"
    lock.mkdir(parents=True, exist_ok=True)
    with locked(lock):  # of two guards that end at once, the second must see the first one's record
        before = None if order.again else _first_with_command(workspace, decision)
        words = "" if before else workspace.redact(shlex.join(order.words))
        record = _record(workspace, decision, words)
    if before is not None:
        return Conclusion(record=record, before=before)
    command = _run(workspace, record, order)
    try:
        workspace.store.record(command, at=command.at, by=decision.by)
    except SignoffError as error:
        return Conclusion(record=record, command=command, lost=str(error))
    return Conclusion(record=record, command=command)


def _record(workspace: Workspace, decision: RollbackDecision, command: str) -> LedgerRecord:
    return workspace.store.record(replace(decision, command=command), at=decision.at, by=decision.by)


def _run(workspace: Workspace, record: LedgerRecord, order: Order) -> RollbackCommand:
    decision = _decision(record)
    ended = execute(
        order.words,
        limit=order.limit.total_seconds(),
        environment={
            "SIGNOFF_ENVIRONMENT": decision.environment,
            "SIGNOFF_RELEASE": decision.release,
            "SIGNOFF_SERVICES": ",".join(decision.services),
            "SIGNOFF_DECISION": record.id,
        },
        redact=workspace.redact,
    )
    return RollbackCommand(
        decision=record.id,
        environment=decision.environment,
        release=decision.release,
        at=utc_now(),
        outcome=ended.outcome,
        exit_status=ended.exit_status,
        seconds=ended.seconds,
        output=ended.output,
    )


def _first_with_command(workspace: Workspace, decision: RollbackDecision) -> RollbackDecision | None:
    """Return the oldest decision on this release that had a command to run."""
    mine = (decision.environment, decision.release)
    earlier = workspace.store.ledger().of(RollbackDecision)
    return next((one for one in earlier if (one.environment, one.release) == mine and one.command), None)


def _decision(record: LedgerRecord) -> RollbackDecision:
    assert isinstance(record.body, RollbackDecision)
    return record.body
