"""`signoff lint`: records that do not count, match nothing, are no longer needed, or are about to end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.config.redaction import MIN_SECRET
from signoff.decision.lint.findings import Finding, order
from signoff.decision.lint.lint import lint as find
from signoff.model import Text
from signoff.reports.lint_terminal import render_findings, render_findings_json

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Language
    from signoff.store.attested import SignedAttestations
    from signoff.workspace import Workspace


@click.command()
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@inventory_option
@language_option
@friendly
def lint(*, strict: bool, as_json: bool, inventory: str, language: Language) -> None:
    """Check waivers, attestations, roster and declarations; exit 1 if one says something that does not count.

    Reads what was recorded and runs nothing. Files with mistakes in them are refused before that, with exit 12.
    """
    findings = findings_of(open_workspace(inventory), utc_now())
    if as_json:
        click.echo(render_findings_json(findings), nl=False)
    else:
        click.echo(render_findings(findings, language))
    sys.exit(1 if any(found.error or strict for found in findings) else 0)


def findings_of(workspace: Workspace, now: datetime) -> tuple[Finding, ...]:
    """Return everything that lint has to say of the environment's records."""
    ledger = workspace.store.ledger()
    attested = workspace.attested(ledger)
    found = find(
        workspace.evaluate(now),
        workspace.planned,
        workspace.store.journals().observations,
        workspace.records(attested),
        ledger.actions,
        workspace.inventory.policy,
        now,
    )
    return tuple(sorted((*found, *_strangers(attested), *_short_secrets(workspace)), key=order))


def _strangers(attested: SignedAttestations) -> list[Finding]:
    """Return the statements of those who are not on the roster, not in their own name, or about another place."""
    return [
        Finding(
            kind="unknown-signer",
            error=False,
            place=stranger.partition(":")[0],
            subject="attestation",
            text=Text(
                ko=f"효력이 없는 서명된 증명: {stranger}", en=f"a signed statement counts for nothing: {stranger}"
            ),
            step=Text(
                ko="명부의 키를 확인하거나, 명부에 있는 사람이 새로 증명하십시오.",
                en="Check the keys of the roster, or let somebody on it attest anew.",
            ),
        )
        for stranger in attested.unknown
    ]


def _short_secrets(workspace: Workspace) -> list[Finding]:
    short = sum(len(secret) < MIN_SECRET for secret in workspace.inventory.secrets)
    if not short:
        return []
    finding = Finding(
        kind="short-secret",
        error=False,
        place="inventory",
        subject="secrets",
        text=Text(
            ko=f"{MIN_SECRET}자보다 짧은 비밀 값 {short}개는 보고서에서 가릴 수 없음",
            en=f"{short} secret values are shorter than {MIN_SECRET} characters: they cannot be masked in reports",
        ),
        step=Text(ko="더 긴 값으로 바꾸십시오.", en="Replace them by longer ones."),
    )
    return [finding]
