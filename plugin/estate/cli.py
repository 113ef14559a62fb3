"""`python -m estate VERB`: bring the estate up and down, break and mend it, run the checklist against it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from estate import check as checks
from estate import environment, faults, matrix_page
from estate import image as images
from estate import matrix as matrices
from estate.estate import Estate
from estate.groups import together
from estate.hosts import ENVIRONMENT
from estate.layout import EstateError, layout_of_environment, load
from estate.machine import obstacle
from estate.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estate.matrix import Row

_STEPS = {
    "image": "building the image (once; a minute or two)",
    "network": "laying the network",
    "hosts": "booting the hosts",
}


@click.group()
def main() -> None:
    """Run a production-like estate of real Debian hosts on this machine, as root; $ESTATE_HOME says where."""


@main.command()
@click.option("--keep", is_flag=True, help="Leave a start that fails as it is, to be looked at; `down` removes it.")
def up(*, keep: bool) -> None:
    """Start it; returns when everything answers."""
    started = time.monotonic()
    layout = layout_of_environment()
    with _friendly():
        if environment.is_up(layout):
            click.echo(f"{layout.dir} is up already.")
            return
        environment.up(layout, lambda step: click.echo(f"  {_say(step)}"), keep=keep)
    click.echo(f"{layout.dir} is up ({time.monotonic() - started:.1f} s).")


@main.command()
def down() -> None:
    """Stop it and remove everything but the image."""
    started = time.monotonic()
    layout = layout_of_environment()
    with _friendly():
        existed = environment.down(layout)
    took = time.monotonic() - started
    click.echo(f"{layout.dir} is removed ({took:.1f} s)." if existed else f"There is no estate in {layout.home}.")


@main.command()
def status() -> None:
    """Show every host, how its systemd is, and what is broken on purpose."""
    layout = layout_of_environment()
    with _friendly():
        for host in environment.status(layout):
            click.echo(f"{host.name:8} {host.state:10} {host.detail}")
        state = load(layout)
    if state.faults:
        click.echo(f"broken on purpose: {', '.join(state.faults)}")
    if state.unfinished:
        click.echo(f"half-made: {', '.join(state.unfinished)}; take the estate down and up")


@main.command("faults")
def list_faults() -> None:
    """List what can be broken, and mark what is broken now."""
    layout = layout_of_environment()
    with _friendly():
        broken = load(layout).faults if layout.state_file.exists() else {}
    width = max(map(len, faults.CATALOGUE), default=0)
    for name, fault in faults.CATALOGUE.items():
        mark = "*" if name in broken else " "
        click.echo(f"{mark} {name:{width}}  {fault.title.en}  ({', '.join(fault.items)})")


@main.command()
@click.argument("names", nargs=-1, required=True)
def fault(names: tuple[str, ...]) -> None:
    """Break something on purpose; NAMES as in `faults`."""
    with _friendly():
        estate = environment.opened(layout_of_environment())
        for name in names:
            faults.inject(estate, name)
            click.echo(f"{name}: broken.")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Mend whatever is broken.")
def heal(names: tuple[str, ...], *, everything: bool) -> None:
    """Mend what was broken on purpose: NAMES, or --all."""
    if bool(names) == everything:
        raise click.UsageError("name what to mend, or say --all")
    with _friendly():
        estate = environment.opened(layout_of_environment())
        for name in names or tuple(reversed(list(load(estate.layout).faults))):
            faults.heal(estate, name)
            click.echo(f"{name}: mended.")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(host: str, command: tuple[str, ...]) -> None:
    """Run COMMAND as root on HOST (or `controller`), or a shell without one."""
    layout = layout_of_environment()
    with _friendly():
        estate = Estate(layout)  # one that is half up, too: that is when a shell is wanted most
        wanted = command or ("exec bash",)
        if host == "controller":
            entered, variables = estate.controller.command(*wanted), dict(os.environ)
        else:
            entered, variables = estate.host(host).command(*wanted), {**ENVIRONMENT, "TERM": os.environ.get("TERM", "")}
    os.execvpe(entered[0], entered, variables)  # noqa: S606 — this command line is what was asked for


@main.command()
def image() -> None:
    """Build the image that all hosts share, if it is not there yet."""
    with _friendly():
        if (why := obstacle()) is not None:
            raise EstateError(why)
        made = images.ensure(layout_of_environment(), ROLES.values(), lambda step: click.echo(f"  {_say(step)}"))
    click.echo(f"{made.root} (built in {made.seconds:.0f} s).")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def check(arguments: tuple[str, ...]) -> None:
    """Run the checklist against it; ARGUMENTS go to pytest (without -m: all of infrastructure and security)."""
    with _friendly():
        estate = environment.opened(layout_of_environment())
    marks = () if "-m" in arguments else ("-m", checks.AREAS)
    line = checks.command(estate, *marks, *arguments)
    sys.exit(subprocess.run(line, cwd=checks.ROOT, env=checks.environment(estate), check=False).returncode)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--grouped", is_flag=True, help="Break faults that concern different items together: much faster.")
@click.option("--write", is_flag=True, help="Write docs/fault-matrix.md.")
def matrix(names: tuple[str, ...], *, grouped: bool, write: bool) -> None:
    """Break every fault (or NAMES), run the checks, compare, mend; exit status 1 if anything is not as it should be."""
    if write and names:
        raise click.UsageError("the page tells about every fault")
    with _friendly():
        estate = environment.opened(layout_of_environment())
        wanted = [faults.find(name) for name in names] or list(faults.CATALOGUE.values())
        groups = together(wanted) if grouped else [(one,) for one in wanted]
        rows = matrices.measure_all(estate, groups, _tell)
    total = matrices.score(rows)
    click.echo(f"precision {total.precision:.3f}, recall {total.recall:.3f}")
    exact = all(row.exact for row in rows)
    if write and grouped and not exact:
        click.echo("Error: which fault of a group is not exact shows when each is alone; nothing written", err=True)
    elif write:
        page = _page([one for row in rows for one in matrices.apart(row)], len(rows)) if grouped else _page(rows)
        (checks.ROOT / "docs" / "fault-matrix.md").write_text(page, encoding="utf-8")
    sys.exit(0 if exact else 1)


def _page(rows: Sequence[Row], groups: int | None = None) -> str:
    order = list(faults.CATALOGUE)
    return matrix_page.render(sorted(rows, key=lambda row: order.index(row.faults[0].name)), groups=groups)


def _tell(row: Row) -> None:
    click.echo(f"{'exact' if row.exact else 'WRONG'} {row.seconds:5.1f} s  {'+'.join(one.name for one in row.faults)}")
    differences = (
        ("red, and should not be", row.red - row.expected),
        ("should be red", row.expected - row.red),
        ("cannot tell, and should", row.unknown - row.blinded),
        ("should be unable to tell", row.blinded - row.unknown),
        ("after mending not as before", row.lasting),
    )
    for what, items in differences:
        if items:
            click.echo(f"      {what}: {', '.join(sorted(items))}")


def _say(step: str) -> str:
    return _STEPS.get(step, step)


@contextmanager
def _friendly() -> Iterator[None]:
    """Turn expected errors into messages."""
    try:
        yield
    except EstateError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
