"""The pytest plugin: does nothing until a suite names its checklist (`signoff_checklist` in its pytest settings).

Importing this module must stay cheap: it is loaded in every pytest run of an environment that has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from signoff.pytest_plugin.session import SignoffSession

SESSION: pytest.StashKey[SignoffSession] = pytest.StashKey()
"""The loaded suite; absent when the plugin is idle."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options and settings."""
    group = parser.getgroup("signoff", "go-live checklist")
    group.addoption("--inventory", metavar="NAME|PATH", default="", help="environment to check (inventories/NAME)")
    group.addoption("--owner", action="append", default=[], metavar="OWNER", help="only this owner's items; repeatable")
    group.addoption("--stage", action="append", default=[], metavar="N", type=int, help="only this stage's items")
    group.addoption(
        "--limit",
        metavar="PATTERN",
        default="",
        help="ask these hosts only: Ansible's patterns such as web:!web1, or @file; --hosts is narrowed by it",
    )
    group.addoption("--signoff-plan", action="store_true", help="list what would be run and touched, touch nothing")
    group.addoption(
        "--signoff-gate",
        choices=("scope", "full", "off"),
        default="scope",
        help="exit status: scope judges what was selected, full the whole release, off is pytest's own",
    )
    group.addoption(
        "--signoff-record",
        action="store_true",
        help="record the run as evidence although approvals have begun: it voids them, whatever it finds",
    )
    group.addoption(
        "--signoff-ahead",
        choices=("on", "off"),
        default=None,
        help="send questions to hosts before they are asked, if they only read (default: the setting, else on)",
    )
    group.addoption("--signoff-lang", choices=("ko", "en"), default=None, help="language of people's texts")
    group.addoption("--signoff-strict", action="store_true", help="xfail marks are collection errors")
    parser.addini("signoff_checklist", "path of the checklist; without it the plugin is idle", default="")
    parser.addini("signoff_inventory", "environment that is checked by default", default="demo")
    parser.addini("signoff_reports", "folder for evidence and reports", default="reports")
    parser.addini("signoff_ahead", "on or off: send questions to hosts early, if they only read", default="on")
    parser.addini("signoff_connect_at_once", "connections to hosts that may be starting at once", default="16")
    parser.addini("signoff_html_log_limit", "characters of captured log per row of the run report", default="8000")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer `--signoff-plan`: list what a run would do, and end without touching anything."""
    if not config.getoption("signoff_plan") or not config.getini("signoff_checklist"):
        return None
    from signoff.pytest_plugin.session import print_plan  # noqa: PLC0415 - loaded only where the plugin has work

    print_plan(config)
    return 0


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the suite and register what does the work; an unconfigured suite is left alone."""
    if not config.getini("signoff_checklist"):
        return
    from signoff.pytest_plugin.session import start  # noqa: PLC0415 - loaded only where the plugin has work

    start(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close connections that were opened for the run."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.close()
