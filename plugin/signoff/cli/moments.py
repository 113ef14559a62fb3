"""Which decision is meant: now, the last one that was signed, the one after a run, at an instant, or of a report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.decision.hindsight import as_of, end_of
from signoff.decision.past import signed_at
from signoff.decision.snapshot import snapshot
from signoff.errors import RecordError
from signoff.reports.snapshot_json import read_snapshot

if TYPE_CHECKING:
    from signoff.decision.hindsight import World
    from signoff.decision.snapshot import Snapshot
    from signoff.workspace import Workspace

FORMS = "now, last-signoff, a run's id, an instant such as 2026-06-01T09:00+09:00, or a readiness_check JSON file"


def find_snapshot(text: str, workspace: Workspace, world: World, now: datetime) -> Snapshot:
    """Return the decision that the text names.

    Raises:
        RecordError: it names none; the message lists the forms.
    """
    if text == "now":
        return snapshot(workspace.evaluate(now))
    if text == "last-signoff":
        signed = signed_at(world.records, world.policy)
        if signed is None:
            raise RecordError("this release was never signed by every role")
        return as_of(world, signed, "sign-off")
    runs = {run.id: run for run in world.runs}
    if text in runs:
        return as_of(world, end_of(runs[text], world.observations), "run")
    if Path(text).is_file():
        try:
            return read_snapshot(Path(text).read_text(encoding="utf-8"))
        except (RecordError, OSError, UnicodeDecodeError) as error:
            raise RecordError(f"{text}: {error}") from None
    return as_of(world, _instant(text, now))


def _instant(text: str, now: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise RecordError(f"{text!r} is none of: {FORMS}") from None
    if instant.tzinfo is None:
        raise RecordError(f"{text!r} has no offset; write {text}Z or {text}+09:00")
    if instant > now:
        raise RecordError(f"{text!r} lies in the future")
    return instant.astimezone(UTC)
