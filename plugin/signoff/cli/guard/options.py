"""How the guard's options are read: durations, instants and a command, each refused with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from signoff.cli.guard.command import parse
from signoff.config.fields import parse_duration, parse_instant

if TYPE_CHECKING:
    from datetime import datetime, timedelta


def read_duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> timedelta | None:
    """Return what was written as `90s`, `15m` or `24h`."""
    if value is None:
        return None
    try:
        duration = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if not duration:
        raise click.BadParameter("no time at all; write at least 1s")
    return duration


def read_instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Return what was written in ISO 8601 with an offset."""
    try:
        return None if value is None else parse_instant(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_command(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str]:
    """Return the words of a command; none if none was given."""
    try:
        return [] if value is None else parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
