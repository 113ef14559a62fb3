"""`signoff guard decide`: somebody with the authority keeps, rolls back or holds a live release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.cli.guard.rollback import conclude
from signoff.decision.rollback.standing import why_not
from signoff.errors import RecordError
from signoff.model import RollbackDecision, RollbackVerdict, Text
from signoff.reports.messages import Messages
from signoff.reports.rollback_text import render_conclusion

if TYPE_CHECKING:
    from signoff.model import Language


@click.command()
@click.argument("verdict", type=click.Choice([str(verdict) for verdict in RollbackVerdict]))
@click.option("--by", required=True, help="Who decides: a name on the roster.")
@click.option("--role", required=True, help="As whom: one of the roles in rollback.deciders of policy.yaml.")
@click.option("--reason", required=True, help="Why.")
@inventory_option
@language_option
@friendly
def decide(  # noqa: PLR0913, PLR0917 - one parameter for each option
    verdict: str, by: str, role: str, reason: str, inventory: str, language: Language
) -> None:
    """Record somebody's decision on the live release; exit 0 if it is recorded. Runs no command."""
    workspace = open_workspace(inventory)
    policy, now = workspace.inventory.policy, utc_now()
    refusal = why_not(policy, by, role, now)
    if refusal:
        raise RecordError(refusal)
    if not reason.strip():
        raise RecordError("a decision needs a reason; say why in --reason")
    why = workspace.redact(reason.strip())
    decision = RollbackDecision(
        environment=policy.environment,
        release=policy.release,
        verdict=RollbackVerdict(verdict),
        automatic=False,
        at=now,
        by=by,
        role=role,
        reasons=(Text(ko=why, en=why),),
    )
    conclusion = conclude(workspace, decision, None)
    click.echo(render_conclusion(decision, conclusion.record.id, messages=Messages(language)))
