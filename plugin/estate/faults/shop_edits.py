"""Edits of the deployed shop on both application hosts, as a hurried release leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate.estate import wait_until
from estate.roles import app, balancer

if TYPE_CHECKING:
    from estate.estate import Estate


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One text that is there exactly once, and what stands in its place while it is wrong."""

    file: str
    right: str
    wrong: str


def make(estate: Estate, *edits: Edit) -> None:
    """Make the mistakes on every application host; returns when all instances run with them."""
    for edit in edits:
        _replace(estate, edit.file, edit.right, edit.wrong)
    _restart(estate)


def take_back(estate: Estate, *edits: Edit) -> None:
    """Undo the mistakes; returns when all instances run without them."""
    for edit in reversed(edits):
        _replace(estate, edit.file, edit.wrong, edit.right)
    _restart(estate)


def _replace(estate: Estate, file: str, old: str, new: str) -> None:
    for host in estate.with_role("app"):
        host.replace(f"{app.SOURCE}/{file}", old, new)


def _restart(estate: Estate) -> None:
    hosts = list(estate.with_role("app"))
    for host in hosts:
        host.restart_service(app.BLUE)
    wait_until(lambda: all(_is_up(estate, host.name) for host in hosts), "the shop does not come back")


def _is_up(estate: Estate, name: str) -> bool:
    host = estate.host(name)
    asked = ("curl", "--silent", "--fail", "--max-time", "10", f"http://{host.address}:{app.BLUE_PORT}/readyz")
    rows = [row.split(",") for row in balancer.command(estate.host("edge"), "show stat").splitlines()]
    states = [(row[17], row[36]) for row in rows if row[:2] == ["shop_blue", name]]
    up = bool(states) and states[0][0].startswith("UP") and not states[0][1].startswith("*")
    return up and estate.controller.ask(*asked).returncode == 0
