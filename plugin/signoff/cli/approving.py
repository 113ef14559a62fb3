"""`signoff keygen|approve|revoke`: keys of approvers, and signatures over exactly one evidence set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from signoff.artifacts import background_of, closing_block, colour_wanted
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.cli.keys import ask_passphrase, choose_key, key_options, signer
from signoff.decision.approvals import LONGEST
from signoff.decision.may_approve import check_may_approve, check_may_revoke
from signoff.decision.roster import key_id
from signoff.errors import ApprovalError
from signoff.model import Approval
from signoff.reports.signing import render_before_signing
from signoff.store.sign import create_key

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Language, Person, Signoff
    from signoff.store.sign import SigningKey
    from signoff.workspace import Workspace

SHOWN = 8
"""Characters of the digest that an approver types back."""
Decision = Literal["approve", "reject", "approve-with-conditions"]


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--encrypt", is_flag=True, help="Protect the file by a passphrase, which is asked for.")
@friendly
def keygen(path: Path, encrypt: bool) -> None:
    """Write a new private key to PATH (outside of every repository) and print the public key for the roster."""
    passphrase = ask_passphrase("New passphrase", twice=True) if encrypt else ""
    click.echo(f"public_key: {create_key(path, passphrase=passphrase)}")


@click.command()
@click.option("--role", required=True, help="As whom: one of the policy's approval roles.")
@key_options
@click.option("--decision", type=click.Choice(["approve", "reject", "approve-with-conditions"]), default="approve")
@click.option("--comment", default="", help="Kept with the signature; a refusal needs one.")
@click.option("--condition", "conditions", multiple=True, help="For approve-with-conditions; repeatable.")
@click.option("--digest", default="", help=f"First {SHOWN} characters of the digest, for scripts.")
@inventory_option
@language_option
@friendly
def approve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    role: str,
    key_path: Path | None,
    key_env: str | None,
    agent: str | None,
    decision: Decision,
    comment: str,
    conditions: tuple[str, ...],
    digest: str,
    inventory: str,
    language: Language,
) -> None:
    """Sign the evidence as it stands now. Any later change of it voids the signature."""
    workspace = open_workspace(inventory)
    policy = workspace.inventory.policy
    key = choose_key(policy, role, path=key_path, variable=key_env, agent=agent)
    signoff = workspace.evaluate(utc_now(), compare=True, every_record=True)
    click.echo(closing_block(workspace, signoff, language, width=80, colour=colour_wanted(), artifacts=None))
    click.echo(render_before_signing(signoff, language, background_of(workspace)))
    if not digest:
        click.echo(f"\n{signoff.digest[:SHOWN]}")
        digest = click.prompt(f"Type the {SHOWN} characters above to sign as {role}")
        signoff = _unchanged(workspace, signoff)
    approval = give_approval(
        workspace,
        signoff,
        role=role,
        key=key,
        typed=digest,
        decision=decision,
        comment=comment,
        conditions=conditions,
    )
    click.echo(f"{approval.approver} ({role}): {decision} {approval.digest[:SHOWN]}")


@click.command()
@click.option("--role", required=True, help="Whose approval or refusal is taken back; you hold this role.")
@key_options
@click.option("--comment", required=True, help="Why; kept with the signature and shown in every report.")
@inventory_option
@friendly
def revoke(  # noqa: PLR0913, PLR0917 - one parameter for each option
    role: str, key_path: Path | None, key_env: str | None, agent: str | None, comment: str, inventory: str
) -> None:
    """Take back what was last signed for a role. Approvals that rest on it are void with it."""
    workspace = open_workspace(inventory)
    key = choose_key(workspace.inventory.policy, role, path=key_path, variable=key_env, agent=agent)
    approval = take_back(workspace, workspace.evaluate(utc_now()), role=role, key=key, comment=comment)
    click.echo(f"{approval.approver} ({role}): revoke {approval.digest[:SHOWN]}")


def give_approval(  # noqa: PLR0913 - one parameter for each thing an approver decides
    workspace: Workspace,
    signoff: Signoff,
    *,
    role: str,
    key: SigningKey,
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
    if (decision == "approve-with-conditions") != bool(conditions) or not all(map(str.strip, conditions)):
        raise ApprovalError("conditions and decision do not fit: name conditions only with approve-with-conditions")
    if decision == "reject" and not comment.strip():
        raise ApprovalError("a refusal needs a reason: give it with --comment")
    policy = workspace.inventory.policy
    person = signer(key, policy)
    now = utc_now()
    before = check_may_approve(
        signoff,
        policy,
        workspace.inventory.records,
        role=role,
        approver=person.name,
        key_id=key_id(person.public_key),
        now=now,
        rejecting=decision == "reject",
    )
    approval = Approval(
        role=role,
        decision=decision,
        approver=person.name,
        digest=signoff.digest,
        created=now,
        valid_until=_valid_until(signoff, person, now),
        comment=comment,
        conditions=conditions,
        previous=before.envelope_sha256 if before else "",
        environment=signoff.environment,
        release=signoff.release,
        checkpoints=signoff.checkpoints,
        ledgers=signoff.ledgers,
    )
    return workspace.store.keep_approval(approval, key)


def take_back(workspace: Workspace, signoff: Signoff, *, role: str, key: SigningKey, comment: str) -> Approval:
    """Check the rules, sign the revocation of what was last signed for the role, and keep it.

    Raises:
        ApprovalError: the rule that forbids it, and what to do.
    """
    if not comment.strip():
        raise ApprovalError("a revocation needs a reason: give it with --comment")
    policy = workspace.inventory.policy
    person = signer(key, policy)
    now = utc_now()
    target = check_may_revoke(
        signoff, policy, role=role, approver=person.name, key_id=key_id(person.public_key), now=now
    )
    revocation = Approval(
        role=role,
        decision="revoke",
        approver=person.name,
        digest=target.digest,
        created=now,
        valid_until=now + LONGEST,
        comment=comment,
        previous=target.envelope_sha256,
        environment=signoff.environment,
        release=signoff.release,
        checkpoints=signoff.checkpoints,
        ledgers=signoff.ledgers,
    )
    return workspace.store.keep_approval(revocation, key)


def _unchanged(workspace: Workspace, shown: Signoff) -> Signoff:
    """Return the decision as it is by now, if the approver has read of exactly this evidence."""
    now = workspace.evaluate(utc_now())
    if now.digest != shown.digest:
        raise ApprovalError("the evidence changed while you were reading; nothing was signed, read it again")
    return now


def _valid_until(signoff: Signoff, person: Person, now: datetime) -> datetime:
    """Return the earliest of: the longest an approval may last, the evidence's end, the end of the right to sign."""
    ends = (now + LONGEST, signoff.valid_until, person.valid_until)
    return min(end for end in ends if end is not None)
