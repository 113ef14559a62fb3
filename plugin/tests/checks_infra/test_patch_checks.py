"""INF-SRV-2."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.exposure import PatchPolicy
from signoff.errors import NotVerifiedError
from signoff.probes.hosts.os_release import OsRelease
from signoff.probes.hosts.restarts import RestartFacts
from signoff.probes.hosts.updates.pending import Pending
from signoff.probes.hosts.updates.waiting import UpdateFacts

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/patches/test_patches.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def target(**patches: Any) -> Any:
    return SimpleNamespace(name="web1", settings=SimpleNamespace(patches=PatchPolicy(**patches)))


def updates(*ages: float | None, sources: tuple[str, ...] = ("l=Debian-Security",), listed: float = 1) -> UpdateFacts:
    pending = tuple(
        Pending(
            name=f"lib{number}", candidate="2", source="s", since=None if age is None else NOW - timedelta(days=age)
        )
        for number, age in enumerate(ages)
    )
    return UpdateFacts(manager="apt", pending=pending, sources=sources, listed_at=NOW - timedelta(hours=listed))


@pytest.mark.parametrize(
    ("given", "patches", "state", "reason"),
    [
        (updates(), {}, "PASS", ""),
        (updates(7), {}, "PASS", ""),
        (updates(7.1), {}, "FAIL", "web1: not installed: lib0 2"),
        (updates(1), {"grace": "0s"}, "FAIL", "web1: not installed: lib0 2"),
        (updates(1, None), {}, "FAIL", "web1: not installed: lib1 2"),
        (updates(sources=()), {}, "FAIL", "web1: no source of security updates: whatever is missing, none would show"),
    ],
)
def test_updates(
    run_check: Callable[..., Any], given: UpdateFacts, patches: dict[str, Any], state: str, reason: str
) -> None:
    conclusion = run_check(
        FILE, "security_updates_are_installed", target=target(**patches), updates=given, evaluated_at=NOW
    )
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(("hours", "tells"), [(48, True), (49, False)])
def test_old_lists_tell_nothing(
    monkeypatch: pytest.MonkeyPatch, suite_module: Callable[[str], Any], hours: float, tells: bool
) -> None:
    monkeypatch.setattr("signoff.probes.hosts.updates.waiting.read_updates", lambda _host: updates(listed=hours))
    read = inspect.unwrap(suite_module("infra/patches/conftest.py").updates)
    if tells:
        assert read(target(), lambda _name: None, NOW)
    else:
        with pytest.raises(NotVerifiedError, match=r"web1: the lists of packages are 49 hours old.*limit 48.*fetch"):
            read(target(), lambda _name: None, NOW)


def restarts(**changes: Any) -> RestartFacts:
    facts: dict[str, Any] = {"reboot_required": (), "running_kernel": "6.1-2", "newest_kernel": "6.1-2", "services": ()}
    return RestartFacts(**facts | changes)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (restarts(), "PASS", ""),
        (restarts(newest_kernel="", services=None), "PASS", ""),
        (restarts(newest_kernel="6.1-3"), "FAIL", "web1: kernel 6.1-2 runs, 6.1-3 is installed: reboot"),
        (restarts(reboot_required=("libc6",)), "FAIL", "web1: a reboot is required: libc6"),
        (restarts(services=("nginx.service",)), "FAIL", "web1: still run replaced libraries: nginx.service"),
    ],
)
def test_restarts(run_check: Callable[..., Any], given: RestartFacts, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "no_restart_is_pending", target=target(), restarts=given)
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


@pytest.mark.parametrize(
    ("version", "overrides", "state", "reason"),
    [
        ("12", {}, "PASS", ""),
        ("11", {}, "FAIL", "web1: Debian 11 gets no security updates since 2026-08-31"),
        ("11", {"debian 11": "2031-06-30"}, "PASS", ""),
        ("12", {"debian 12": "2026-11-21"}, "FAIL", "web1: Debian 12 gets no security updates since 2026-11-21"),
        ("12", {"debian 12": "2026-11-22"}, "PASS", ""),
        ("77", {}, "NOT_VERIFIED", "web1: nobody knows until when 'debian 77' is supported"),
    ],
)
def test_release(
    run_check: Callable[..., Any], version: str, overrides: dict[str, str], state: str, reason: str
) -> None:
    given = OsRelease(id="debian", version=version, title=f"Debian {version}")
    conclusion = run_check(
        FILE,
        "release_gets_security_updates",
        target=target(end_of_life=overrides),
        os_release=given,
        evaluated_at=NOW,
    )
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)
