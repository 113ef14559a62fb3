"""`signoff restore-test`: restores the newest backup on the scratch host, compares it, and writes the record."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from signoff.cli.active import FLAG, require_window
from signoff.cli.common import friendly, inventory_option, open_workspace, utc_now
from signoff.cli.guard.watch import Stop, StoppedError
from signoff.cli.restore.guard import require_no_secret, require_other_machine, require_plain, require_scratch
from signoff.cli.restore.outcome import record, text_of, understand
from signoff.cli.restore.request import LOCK, Request, interrupted, script, settings_of
from signoff.errors import CouldNotCheckError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.config.inventory import Inventory
    from signoff.probes.backups.model import Backup
    from signoff.probes.postgres.contents import TableContents

_SPARE = timedelta(seconds=40)
"""On top of scratch.within: to stop the server and to remove what was restored."""
_PIECE = 20_000
_FAILED = 1
_INTERRUPTED = 130


@click.command("restore-test")
@inventory_option
@click.argument("service", required=False, default="")
@click.option("--on", "host", metavar="HOST", default="", help="Scratch host, as restore.scratch names it.")
@click.option(FLAG, "allowed", is_flag=True, help="Yes, start a server there and restore into it.")
@click.option("--dry-run", is_flag=True, help="Look, print the script that would run there, and start nothing.")
@click.option("--contents-sql", is_flag=True, help="Print what backup jobs run to note what the tables hold; no more.")
@friendly
def restore_test(  # noqa: PLR0913 - one parameter for each option
    *, inventory: str, service: str, host: str, allowed: bool, dry_run: bool, contents_sql: bool
) -> None:
    """Restore the newest backup of SERVICE into a server of its own on HOST, and record whether everything came back.

    Needs an open change window for restore; in production, a host of the group scratch that nothing else uses. The
    server has no port, no archive and no primary, and is gone afterwards; while it runs, the record says that the test
    was interrupted.

    Exit status: 0 everything came back; 1 it did not; 12 it could not be found out; 130 stopped.
    """
    from signoff.probes.postgres.contents import SCRIPT  # noqa: PLC0415 - loads a file

    if contents_sql:
        click.echo(SCRIPT, nl=False)
        return
    if not service or not host:
        raise click.UsageError("name the backup and, by --on, the scratch host")
    found = _run(inventory, service, host, allowed=allowed, dry_run=dry_run)
    if found is None:
        return
    verdict = "everything came back" if found["passed"] else f"FAILED: {found['detail']}"
    click.echo(f"{service}: {found['backup']} in {found['seconds']:g} s, {len(found['tables'])} tables: {verdict}")
    if not found["passed"]:
        raise click.exceptions.Exit(_FAILED)


def _run(name: str, service: str, host: str, *, allowed: bool, dry_run: bool) -> dict[str, Any] | None:
    from signoff.pytest_plugin.addresses import host_address  # noqa: PLC0415 - loads pytest
    from signoff.transport import HostPool  # noqa: PLC0415 - loads testinfra

    inventory = open_workspace(name).inventory
    settings = settings_of(inventory, service, host)
    require_scratch(inventory, service, host)
    if not dry_run:
        lasting = settings.restore.scratch.within + _SPARE
        require_window(inventory.policy, "restore", allowed=allowed, now=utc_now(), lasting=lasting)
    names = {settings.host, host}
    with HostPool({one: host_address(inventory.hosts[one]) for one in names}) as pool:
        scratch = pool.connect(host)
        require_other_machine(inventory, host, scratch)
        request, contents = _prepare(inventory, service, settings, pool.connect(settings.host))
        require_no_secret(inventory, [word for words in request.words.values() for word in words])
        if dry_run:
            click.echo(script(request))
            return None
        click.echo(f"{service}: restoring {request.backup.name} on {host}")
        try:
            with Stop():
                return _restore(request, contents, scratch, host)
        except StoppedError:
            click.echo("stopped: the record says that the test was interrupted", err=True)
            raise click.exceptions.Exit(_INTERRUPTED) from None


def _prepare(inventory: Inventory, service: str, settings: Any, host: Any) -> tuple[Request, tuple[TableContents, ...]]:
    from signoff.probes.postgres.contents import parse  # noqa: PLC0415 - loads a file

    newest, digest = _newest(settings, host)
    named = settings.restore.contents.replace("{name}", newest.name)
    path = named if named.startswith("/") or not settings.folder else f"{settings.folder}/{named}"
    contents = parse(host.check_output("cat -- %s", path))
    database: Any = inventory.service(settings.database)
    request = Request(
        service=service,
        settings=settings,
        database=database.database,
        backup=newest,
        digest=digest,
        started=utc_now(),
    )
    return request, contents


def _newest(settings: Any, host: Any) -> tuple[Backup, str]:
    from signoff.probes.backups.repository import Place, manifest_sha256, read  # noqa: PLC0415 - for this alone
    from signoff.probes.hosts.backup_files import list_backups, recorded_digest  # noqa: PLC0415 - for this alone

    if settings.repository:
        place = Place.of(settings.repository)
        newest = read(host, place).backups[-1]
        require_plain(newest.name)
        return newest, manifest_sha256(host, place, newest.name)
    if settings.digest != "sha256":
        raise NotVerifiedError("md5 shows accidents only; record sha256 beside the backups to restore them by")
    newest = list_backups(host, settings.folder, settings.pattern)[-1]
    require_plain(newest.name)
    return newest, recorded_digest(host, newest.path + settings.manifest_suffix, newest.name)


def _restore(request: Request, contents: tuple[TableContents, ...], host: Any, name: str) -> dict[str, Any]:
    started = time.monotonic()
    # The script itself ends at its limit, in order; the rest is for the case that it cannot.
    limit = (request.scratch.within + _SPARE / 2).total_seconds()
    done = host.run(script(request), limit=limit)
    said = understand(done.stdout)
    for one in said.left:
        click.echo(f"could not be removed on {name}: {one}; remove it by hand", err=True)
    if said.unknown:
        if "begun" in said.words:
            _write(host, request, interrupted(request, said.unknown))
        raise CouldNotCheckError(f"{name}: {said.unknown}")
    found = record(request, said, contents, host=name, seconds=round(time.monotonic() - started, 3))
    _write(host, request, text_of(found))
    return found


def _write(host: Any, request: Request, text: str) -> None:
    """Replace our own record on the host in one step, unless another test has begun since.

    Raises:
        NotVerifiedError: one has, or it cannot be written.
    """
    path, lock = request.settings.restore.record, f"{request.scratch.folder}/{LOCK}"
    new = f"{path}.{secrets.token_hex(4)}"
    for piece in _pieces(text):
        # A command line carries only so much at once.
        host.run_expect([0], "umask 022; printf %%s %s >> %s", piece, new)
    ours = 'printf "%s\\n" "$3" | cmp -s - "$1" && mv -f -- "$2" "$1"'
    moved = host.run(
        "flock -n %s sh -c %s sh %s %s %s || { rm -f -- %s; exit 1; }",
        lock,
        ours,
        path,
        new,
        interrupted(request),
        new,
    )
    if moved.rc != 0:
        raise NotVerifiedError(f"{path} is no longer ours: another test was begun meanwhile, and its record stands")


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
