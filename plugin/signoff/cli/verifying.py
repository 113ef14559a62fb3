"""`signoff verify`: prove that evidence and approvals are whole, here or years later from a copy of the reports."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, open_workspace, utc_now
from signoff.config.roster import load_roster
from signoff.errors import IntegrityError, RecordError
from signoff.model import Verdict
from signoff.store import whole
from signoff.store.attested import read_attestations
from signoff.store.files import FileStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Person
    from signoff.store.base import Store

_CHECKPOINT = re.compile(r"(\d{1,15}):([0-9a-f]{16,64})")
_PARTS = ("runs", "ledger", "approvals")


@click.command()
@click.option(
    "--reports",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A copy of the reports: nothing else of the suite is needed.",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --reports: a policy.yaml, for the public keys of those who signed.",
)
@click.option("--checkpoint", "checkpoints", multiple=True, metavar="SEQ:SHA256", help="Was written down elsewhere.")
@inventory_option
@friendly
def verify(inventory: str, reports: Path | None, roster: Path | None, checkpoints: tuple[str, ...]) -> None:
    """Prove that evidence and approvals are whole: chains, signatures, and what signatures and ledger rest on."""
    noted = [_parse(text) for text in checkpoints]
    if reports is None:
        if roster is not None:
            raise click.UsageError("--roster goes with --reports; otherwise the policy's roster is used")
        problems = _verify_environment(inventory, noted)
    else:
        people = load_roster(roster) if roster is not None else ()
        problems = [problem for folder in _folders(reports) for problem in _verify_copy(folder, people)]
        problems += _missing([FileStore(folder) for folder in _folders(reports)], noted)
        if roster is None:
            click.echo("· signatures were not checked: name the policy of that time with --roster")
    for problem in problems:
        click.echo(f"✖ {problem}", err=True)
    if problems:
        sys.exit(Verdict.INVALID.exit_status)


def _verify_environment(inventory: str, noted: Sequence[tuple[int, str]]) -> list[str]:
    """Judge the environment as it stands, and say what of it is whole; return what is not."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now(), every_record=True)
    problems = [reason.text.en for reason in signoff.reasons] if signoff.verdict is Verdict.INVALID else []
    problems += _missing([workspace.store], noted)
    if problems:
        return problems
    click.echo(f"✔ {len(signoff.runs)} runs: every record in place, every chain whole")
    _show(workspace.store, workspace.inventory.policy.roster)
    for stranger in workspace.attested(workspace.store.ledger()).unknown:
        click.echo(f"· {stranger}: it counts for nothing")
    for step in signoff.approvals:
        note = f" ({step.note})" if step.note else ""
        who = f" by {step.approval.approver}" if step.approval else ""
        click.echo(f"  {step.role}: {step.status}{who}{note}")
    click.echo(f"  verdict {signoff.verdict}, digest {signoff.digest}")
    return []


def _verify_copy(folder: Path, roster: Sequence[Person]) -> list[str]:
    """Say what the folder holds and that it is whole; return what is not."""
    store = FileStore(folder)
    evidence = whole.read(store, roster)
    environment = next((run.environment for run in evidence.journals.runs), folder.name)
    attested = read_attestations(evidence.ledger.records, roster, environment, folder)
    if evidence.problems or attested.broken:
        return [*evidence.problems, *attested.broken]
    runs, decisions = len(evidence.journals.runs), len(evidence.ledger.records)
    click.echo(f"✔ {folder}: {runs} runs and {decisions} decisions: every record in place, every chain whole")
    _show(store, roster)
    for made in attested.attestations:
        click.echo(f"  {made.item}: attested by {made.by} on {made.at.isoformat(timespec='seconds')}")
    for given in evidence.approvals.approvals:
        when = f"{given.created.isoformat(timespec='seconds')}, until {given.valid_until.isoformat(timespec='seconds')}"
        click.echo(f"  {given.role}: {given.decision} by {given.approver} on {when}")
        click.echo(f"    of {given.release}, digest {given.digest}")
    return []


def _show(store: Store, roster: Sequence[Person]) -> None:
    ledger = store.ledger()
    for place in (*store.journals().torn, *ledger.torn):
        click.echo(f"· {place}: the writer was killed while it wrote this line; everything before it counts")
    for stranger in store.approvals(roster).unknown:
        click.echo(f"· {stranger}: it counts for nothing")
    for note in store.notes():
        click.echo(f"· {note}")
    for head in ledger.checkpoints:
        click.echo(f"  ledger checkpoint {head.seq}:{head.sha256}")


def _missing(stores: Sequence[Store], noted: Sequence[tuple[int, str]]) -> list[str]:
    """Return one sentence for each checkpoint that none of the stores contains."""
    try:
        return [
            f"no chain has the record {seq} with the hash {sha256[:16]}… any more: it was cut off or written anew"
            for seq, sha256 in noted
            if not any(whole.holds(store, seq, sha256) for store in stores)
        ]
    except IntegrityError as error:
        return [str(error)]


def _parse(text: str) -> tuple[int, str]:
    match = _CHECKPOINT.fullmatch(text.strip().lower())
    if match is None:
        raise RecordError(f"{text!r} is no checkpoint; write SEQ:SHA256, at least 16 characters of the hash")
    return int(match[1]), match[2]


def _folders(reports: Path) -> list[Path]:
    """Return the folders of environments: the given one, or those in it."""

    def holds_evidence(folder: Path) -> bool:
        return any((folder / part).is_dir() for part in _PARTS)

    found = [reports] if holds_evidence(reports) else sorted(filter(holds_evidence, reports.iterdir()))
    if not found:
        raise RecordError(f"{reports} holds no evidence: neither runs/ nor ledger/ nor approvals/, here or one below")
    return found
