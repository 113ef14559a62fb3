"""`signoff keygen|approve`: keys of approvers, and signatures over exactly one evidence set."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from signoff.artifacts import closing_block, colour_wanted
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.decision.may_approve import check_may_approve
from signoff.errors import ApprovalError
from signoff.model import Approval
from signoff.store.approvals import sign_approval
from signoff.store.sign import create_key, load_key, public_key

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Language, Signoff
    from signoff.workspace import Workspace

LONGEST = timedelta(days=14)
"""An approval never holds longer than this, nor longer than the evidence it rests on."""
SHOWN = 8
"""Characters of the digest that an approver types back."""
Decision = Literal["approve", "reject", "approve-with-conditions"]


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@friendly
def keygen(path: Path) -> None:
    """Write a new private key to PATH (outside of every repository) and print the public key for the roster."""
    click.echo(f"public_key: {create_key(path)}")


@click.command()
@click.option("--role", required=True, help="As whom: one of the policy's approval roles.")
@click.option("--key", "key_path", required=True, type=click.Path(path_type=Path), help="Your private key.")
@click.option("--decision", type=click.Choice(["approve", "reject", "approve-with-conditions"]), default="approve")
@click.option("--comment", default="")
@click.option("--condition", "conditions", multiple=True, help="For approve-with-conditions; repeatable.")
@click.option("--digest", default="", help=f"First {SHOWN} characters of the digest, for scripts.")
@inventory_option
@language_option
@friendly
def approve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    role: str,
    key_path: Path,
    decision: Decision,
    comment: str,
    conditions: tuple[str, ...],
    digest: str,
    inventory: str,
    language: Language,
) -> None:
    """Sign the evidence as it stands now. Any later change of it voids the signature."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now())
    click.echo(closing_block(workspace, signoff, language, width=80, colour=colour_wanted(), artifacts=None))
    if not digest:
        click.echo(f"\n{signoff.digest[:SHOWN]}")
        digest = click.prompt(f"Type the {SHOWN} characters above to sign as {role}")
    approval = give_approval(
        workspace,
        signoff,
        role=role,
        key_path=key_path,
        typed=digest,
        decision=decision,
        comment=comment,
        conditions=conditions,
    )
    click.echo(f"{approval.approver} ({role}): {decision} {approval.digest[:SHOWN]}")


def give_approval(  # noqa: PLR0913 - one parameter for each thing an approver decides
    workspace: Workspace,
    signoff: Signoff,
    *,
    role: str,
    key_path: Path,
    typed: str,
    decision: Decision = "approve",
    comment: str = "",
    conditions: tuple[str, ...] = (),
) -> Approval:
    """Check the rules, sign and keep the approval.

    Raises:
        ApprovalError: the rule that forbids it, and what to do.
    """
    if len(typed) < SHOWN or not signoff.digest.startswith(typed):
        raise ApprovalError(f"the digest typed is not that of the evidence shown ({signoff.digest[:SHOWN]})")
    if (decision == "approve-with-conditions") != bool(conditions):
        raise ApprovalError("conditions and decision do not fit: name conditions only with approve-with-conditions")
    key = load_key(key_path)
    mine = public_key(key)
    policy = workspace.inventory.policy
    approver = next((person.name for person in policy.roster if person.public_key == mine), None)
    if approver is None:
        raise ApprovalError(f"the key is nobody's on the roster; add public_key: {mine} to your entry in policy.yaml")
    now = utc_now()
    before = check_may_approve(
        signoff,
        policy,
        workspace.inventory.records,
        role=role,
        approver=approver,
        key_id=hashlib.sha256(base64.b64decode(mine)).hexdigest(),
        now=now,
        rejecting=decision == "reject",
    )
    approval = Approval(
        role=role,
        decision=decision,
        approver=approver,
        digest=signoff.digest,
        created=now,
        valid_until=_valid_until(signoff, now),
        comment=comment,
        conditions=conditions,
        previous=before.envelope_sha256 if before else "",
        environment=signoff.environment,
        release=signoff.release,
        checkpoints=signoff.checkpoints,
    )
    return sign_approval(workspace.approvals_folder, approval, key)


def _valid_until(signoff: Signoff, now: datetime) -> datetime:
    longest = now + LONGEST
    return longest if signoff.valid_until is None else min(longest, signoff.valid_until)
