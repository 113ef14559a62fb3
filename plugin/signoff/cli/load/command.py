"""`signoff load`: starts Locust or JMeter against the target of one load test, and writes the note about it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from signoff.cli.active import FLAG, require_window
from signoff.cli.common import friendly, inventory_option, open_workspace, utc_now
from signoff.cli.guard.watch import Stop, StoppedError
from signoff.cli.load.process import run
from signoff.cli.load.programs import order
from signoff.cli.tools.finding import version_of
from signoff.config.yamlfile import did_you_mean
from signoff.errors import NotVerifiedError
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signoff.cli.load.process import Ended
    from signoff.cli.load.programs import Order
    from signoff.workspace import Workspace

_KINDS = ("load_report", "stress_report", "soak_report")
_SPARE = timedelta(minutes=2)
"""Beyond the planned duration, for starting and for ending requests."""
_PASSED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "JAVA_HOME"})
_INTERRUPTED = 130


@click.command()
@inventory_option
@click.argument("service")
@click.option(FLAG, "allowed", is_flag=True, help="Yes, make load on the target.")
@click.option("--users", type=click.IntRange(1), help="Fewer users than the inventory says.")
@friendly
def load(*, inventory: str, service: str, allowed: bool, users: int | None) -> None:
    """Make the load that SERVICE describes under `run`, in an open change window and never on production.

    Its files go where the inventory looks for them, with a note beside them: commit, target, tool, times and digests.
    """
    workspace = open_workspace(inventory)
    settings = _settings(workspace, service, users)
    databases = _databases(workspace, settings.run.databases)
    now, policy = utc_now(), workspace.inventory.policy
    lasting = settings.run.duration + _SPARE
    window = require_window(policy, "load", allowed=allowed, now=now, lasting=lasting)
    folder = (workspace.inventory.folder / settings.context).resolve().parent
    program = _program(settings)
    chosen = order(settings, program=program, script=_script(workspace, settings.run.script), folder=folder)
    environment = _environment(settings.run.variables)
    folder.mkdir(parents=True, exist_ok=True)
    _forget(folder, chosen, Path(settings.context).name)
    click.echo(f"{settings.run.users} users on {settings.target} for {settings.run.duration} ({window.reason})")
    try:
        with Stop():
            _snapshots(databases, folder, "before")
            started = utc_now()
            ended = run(
                chosen.words,
                folder=folder,
                environment=environment,
                limit=lasting.total_seconds(),
                single=settings.tool == "locust",
            )
            finished = utc_now()
            _snapshots(databases, folder, "after")
    except StoppedError:
        click.echo("stopped: the load generator was ended, and what it measured is no evidence", err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None
    digests = _digests(folder, chosen, ended)
    note = {
        "schema_version": 1,
        "target": settings.target,
        "commit": policy.commit,
        "generator": {"name": platform.node(), "cpu_peak_ratio": ended.cpu_peak_ratio},
        "tool": {"name": settings.tool, "version": version_of(chosen.version, environment)},
        "environment": policy.environment,
        "started": _text(started),
        "finished": _text(finished),
        "files": [{"name": name, "sha256": digest} for name, digest in digests.items()],
    }
    write_atomic(folder / Path(settings.context).name, json.dumps(note, indent=1) + "\n")
    click.echo(f"wrote {', '.join([*digests, Path(settings.context).name])} to {folder}")


def _settings(workspace: Workspace, name: str, users: int | None) -> Any:
    known = {key: one for kind in _KINDS for key, one in workspace.inventory.services_of(kind).items()}
    if name not in known:
        hint = did_you_mean(name, known) or f"the inventory has {', '.join(known) or 'none'}"
        raise NotVerifiedError(f"{name!r} is no load test ({hint})")
    settings: Any = known[name]
    if settings.run is None:
        raise NotVerifiedError(f"{name}: nothing says how to make the load; write run: for it in services.yaml")
    if users is None:
        return settings
    if users > settings.run.users:
        raise click.UsageError(f"--users {users} is more than the inventory allows ({settings.run.users})")
    return settings.model_copy(update={"run": settings.run.model_copy(update={"users": users})})


def _databases(workspace: Workspace, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the entries of the databases to look at; a wrong name is told before there is any load."""
    known = workspace.inventory.services_of("postgresql")
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"the inventory has {', '.join(known) or 'none'}"
            raise NotVerifiedError(f"run.databases: {name!r} is no postgresql service ({hint})")
    return {name: known[name] for name in names}


def _program(settings: Any) -> str:
    path = shutil.which(settings.run.program or settings.tool)
    if path is None:
        raise NotVerifiedError(
            f"{settings.run.program or settings.tool} is not installed here; see signoff tools, or name it: run.program"
        )
    return str(Path(path).resolve() if os.sep in (settings.run.program or "") else path)


def _script(workspace: Workspace, name: str) -> Path:
    script = (workspace.inventory.folder / name).resolve()
    if not script.is_file():
        raise NotVerifiedError(f"{name}: no such file; correct run.script in services.yaml")
    return script


def _environment(variables: tuple[str, ...]) -> dict[str, str]:
    if missing := [name for name in variables if name not in os.environ]:
        raise NotVerifiedError(f"environment variables that the script needs are not set: {', '.join(missing)}")
    return {name: value for name, value in os.environ.items() if name in _PASSED or name in variables}


def _forget(folder: Path, chosen: Order, note: str) -> None:
    """Take away what an earlier run left: a run that breaks must not be told by the files of the one before."""
    for name in (*chosen.files, note):
        (folder / name).unlink(missing_ok=True)


def _snapshots(databases: Mapping[str, Any], folder: Path, when: str) -> None:
    from signoff.probes.postgres.database import Address, connect  # noqa: PLC0415 - its driver is not part of every run
    from signoff.probes.postgres.statement_snapshot import read  # noqa: PLC0415 - see above

    for name, entry in databases.items():
        password = entry.password.get_secret_value() if entry.password else ""
        with connect(Address.of(entry), password) as database:
            found = read(database, entry.statements.roles)
        write_atomic(folder / f"{name}-statements-{when}.json", json.dumps(found, indent=1) + "\n")


def _digests(folder: Path, chosen: Order, ended: Ended) -> Mapping[str, str]:
    first = folder / chosen.files[0]
    bare = first.with_suffix("")
    if not first.exists() and bare.is_file():
        bare.replace(first)
    missing = [name for name in chosen.files if not (folder / name).is_file()]
    if ended.status or missing:
        raise NotVerifiedError(
            f"the load generator ended with exit status {ended.status}, "
            f"without {', '.join(missing) or 'an error of files'}; see {folder / 'generator.log'}"
        )
    found = {}
    for name in chosen.files:
        with (folder / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
