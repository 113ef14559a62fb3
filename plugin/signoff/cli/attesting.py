"""`signoff attest`: a person's signed statement about what only a person can know, kept in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, open_workspace, utc_now
from signoff.cli.keys import choose_key, key_options, signer
from signoff.config.fields import parse_duration
from signoff.config.records import end_of, parse_expiry
from signoff.config.yamlfile import did_you_mean
from signoff.decision import roster
from signoff.decision.may_attest import check_may_attest, role_of
from signoff.errors import RecordError
from signoff.model import Attestation, EvidenceFile
from signoff.store.atomic import create_atomic
from signoff.store.attested import file_sha256, sign_attestation

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Item
    from signoff.workspace import Workspace

EVIDENCE = "evidence"
"""Folder of the environment that files from elsewhere are copied to, so that they travel with what they back."""


@click.command()
@click.argument("item_id", metavar="ITEM")
@click.option("--passed/--failed", "passed", default=None, help="What was found.")
@click.option("--statement", required=True, help="What was looked at, and what was found.")
@click.option(
    "--evidence",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File that backs it; repeatable. One outside of the environment's folder is copied to evidence/ there.",
)
@click.option("--expires", default="", metavar="DATE", help="Last day (or instant with an offset) on which it holds.")
@click.option("--for", "span", default="", metavar="30d", help="How long it holds, instead of --expires.")
@click.option("--role", default="", help="As whom; needed only if several of your roles may.")
@key_options
@inventory_option
@friendly
def attest(  # noqa: PLR0913, PLR0917 - one parameter for each option
    item_id: str,
    passed: bool | None,
    statement: str,
    files: tuple[Path, ...],
    expires: str,
    span: str,
    role: str,
    key_path: Path | None,
    key_env: str | None,
    agent: str | None,
    inventory: str,
) -> None:
    """Sign a statement about ITEM for the release at hand, and keep it in the ledger.

    Only items whose method is examine, interview or hybrid are attested; a measured one is run. The statement holds for
    this release and environment only, ends with the first change of its evidence, and for a hybrid item also with the
    first failure of its checks.
    """
    if passed is None:
        raise click.UsageError("say what was found: --passed or --failed")
    if bool(expires) == bool(span):
        raise click.UsageError("say how long it holds, in one way: --expires DATE or --for 30d")
    workspace = open_workspace(inventory)
    policy = workspace.inventory.policy
    item = find_item(workspace, item_id)
    key = choose_key(policy, role, path=key_path, variable=key_env, agent=agent)
    person = signer(key, policy)
    now = utc_now()
    made = Attestation(
        item=item.id,
        passed=passed,
        statement=workspace.redact(statement),
        by=person.name,
        role=role_of(person, item, policy, role),
        at=now,
        expires=_end(expires, span, policy.timezone, now),
        release=policy.release,
        evidence=tuple(_evidence(path) for path in files),
        key_id=roster.key_id(person.public_key),
    )
    check_may_attest(made, item, policy, now)
    paths = [_keep(workspace.inventory.folder, path) for path in files]
    body = sign_attestation(made, policy.environment, paths, key)
    record = workspace.store.record(body, at=now, by=person.name)
    click.echo(
        f"{item.id}: {'passed' if passed else 'failed'}, stated by {made.by} ({made.role}), release {made.release}"
    )
    click.echo(f"  holds until {made.expires.isoformat()}, ledger record {record.id}")
    for path, file in zip(paths, made.evidence, strict=True):
        click.echo(f"  {path} {file.sha256}")


def find_item(workspace: Workspace, item_id: str) -> Item:
    """Return the item of the checklist.

    Raises:
        RecordError: there is none.
    """
    items = {item.id: item for item in workspace.checklist.items}
    found = items.get(item_id.upper())
    if found is None:
        hint = did_you_mean(item_id.upper(), items)
        raise RecordError(f"unknown item {item_id!r}" + (f"; {hint}" if hint else ""))
    return found


def _end(expires: str, span: str, timezone: str, now: datetime) -> datetime:
    try:
        return end_of(parse_expiry(expires), timezone) if expires else now + parse_duration(span)
    except (ValueError, OverflowError) as error:
        raise RecordError(f"{expires or span}: {error}") from None


def _evidence(path: Path) -> EvidenceFile:
    sha256 = file_sha256(path)
    if not sha256:
        raise RecordError(f"{path}: cannot be read")
    return EvidenceFile(name=path.name, sha256=sha256, actual_sha256=sha256)


def _keep(folder: Path, path: Path) -> str:
    """Return the file's path relative to the environment's folder, copied there if it lies elsewhere."""
    here = path.resolve()
    if here.is_relative_to(folder):
        return here.relative_to(folder).as_posix()
    kept = folder / EVIDENCE / path.name
    try:
        create_atomic(kept, here.read_bytes())
    except FileExistsError:
        if file_sha256(kept) != file_sha256(here):
            raise RecordError(
                f"{kept} exists and is another file; rename {path.name}, so that older evidence is kept as it is"
            ) from None
    return kept.relative_to(folder).as_posix()
