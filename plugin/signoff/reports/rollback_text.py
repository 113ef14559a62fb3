"""The watch after a release in words: a line for each window, and the decision with what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision.rollback.rule import brief, percent, plain
from signoff.model import RollbackVerdict
from signoff.reports.plaintext import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo
    from decimal import Decimal

    from signoff.decision.rollback.rule import Judgement
    from signoff.model import RollbackCommand, RollbackDecision, RollbackValue
    from signoff.reports.messages import Messages

SYMBOLS: Mapping[RollbackVerdict, str] = {
    RollbackVerdict.KEEP: "✔",
    RollbackVerdict.HOLD: "○",
    RollbackVerdict.ROLL_BACK: "✖",
}
_FACT_LIMIT = 240


def render_window(
    judged: Sequence[Judgement], number: int, total: int, *, zone: tzinfo, messages: Messages
) -> Iterator[str]:
    """Yield a line for each service: when the window ended, what was measured, and what is wrong."""
    for one in judged:
        facts = [measured(value, messages) for value in one.values if value.name != "timed"]
        facts += [messages.text(reason).removeprefix(f"{one.service}: ") for reason in one.reasons[:1]]
        shown = one_line(" · ".join(facts), _FACT_LIMIT)
        at = one.at.astimezone(zone)
        yield f"{at:%H:%M:%S} {number}/{total} {SYMBOLS[one.verdict]} {printable(one.service)}  {shown}"


def render_conclusion(  # noqa: PLR0913 - a decision, and each thing that may follow from it
    decision: RollbackDecision,
    record: str,
    *,
    messages: Messages,
    command: RollbackCommand | None = None,
    before: RollbackDecision | None = None,
    status: int = 0,
) -> str:
    """Return the decision as a block; `record` is its place in the ledger, empty if it could not be kept."""
    m = messages
    lines = [
        "",
        f"{SYMBOLS[decision.verdict]} {m(f'rollback.{decision.verdict}')} ({decision.verdict})",
        one_line(f"{decision.release} · {decision.environment}", _FACT_LIMIT),
    ]
    lines += [f"  · {one_line(m.text(reason), _FACT_LIMIT)}" for reason in decision.reasons]
    if not decision.automatic:
        lines.append(f"  · {m('guard.by_hand', by=printable(decision.by), role=m.name('role', decision.role))}")
    if decision.overrides:
        lines.append(f"  · {m('guard.overrides', options=', '.join(decision.overrides))}")
    if command is not None:
        lines.append(f"  · {_command(command, m)}")
        lines += [f"    {printable(line)}" for line in command.output.splitlines()]
    if before is not None:
        lines.append(f"  · {m('guard.ran_before', at=before.at.isoformat(timespec='seconds'))}")
    if record:
        lines.append(f"  · {m('guard.recorded', record=record, status=status)}")
    return "\n".join(lines)


def measured(value: RollbackValue, messages: Messages) -> str:
    """Return one measured value with its name."""
    return f"{messages(f'guard.{value.name}')} {_shown(value, brief(value), messages)}"


def limit_of(value: RollbackValue, messages: Messages) -> str:
    """Return the limit of a measured value, in its unit."""
    return _shown(value, value.limit, messages)


def _shown(value: RollbackValue, number: Decimal, messages: Messages) -> str:
    match value.name:
        case "error-ratio":
            return percent(number)
        case "response-percentile" | "response-mean":
            return messages("guard.seconds", seconds=plain(number))
        case _:
            return f"{number:.0f}"


def _command(command: RollbackCommand, m: Messages) -> str:
    seconds = plain(command.seconds)
    return m(f"guard.command_{command.outcome}", status=command.exit_status, seconds=seconds)
