"""What checks of the front door talk about: request filters, floods, names and origins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.probes.aws.filters import EntryPoint
    from signoff.probes.aws.session import AwsSession
    from signoff.probes.front.request_filter import Entrance
    from signoff.probes.network.front_door import Lead
    from signoff.probes.web.sign_in import Answer
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def entrances(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[Entrance, ...]:
    """Return every way into the current web server, and what its request filter does there."""
    from signoff.probes.front import modsecurity, request_filter

    settings = target.settings
    host = connect(settings.host)
    if settings.server == "nginx":
        return request_filter.entrances(host, settings.config)
    rules = modsecurity.read_rules(host, settings.config)
    return (request_filter.Entrance(place=settings.config, path="/", is_on=True, rules=rules),)


@dataclass(frozen=True, kw_only=True)
class LoggedAttack:
    """One harmless attack, and whether the filter's log knows of it."""

    answer: Answer
    log: str
    is_logged: bool


@pytest.fixture
def logged_attack(
    target: BoundTarget,
    entrances: tuple[Entrance, ...],
    service_of: Callable[[str, str], Any],
    access_of: Callable[[str, Any], Any],
    connect: Callable[[str], Any],
) -> LoggedAttack:
    """Return what became of one attack with a mark of its own."""
    from secrets import token_hex

    from signoff import not_verified
    from signoff.probes.front.request_filter import is_logged

    settings = target.settings
    log = settings.audit_log or next((one.rules.audit_log for one in entrances if one.rules.audit_log), "")
    if not log:
        not_verified(f"{target.name}: the configuration names no SecAuditLog; add one, or write audit_log")
    # Only letters and digits: they stand in a log as they were sent.
    mark = f"canary{token_hex(8)}"
    answer = access_of(settings.access, service_of("access", settings.access)).attack_once(mark)
    return LoggedAttack(
        answer=answer, log=log, is_logged=is_logged(connect(settings.host), log, mark, sudo=settings.sudo)
    )


@pytest.fixture
def entry_points(aws: AwsSession) -> tuple[EntryPoint, ...]:
    """Return every public load balancer and distribution of the account, with its web ACL."""
    from signoff.probes.aws.filters import entry_points as read

    return read(aws)


@pytest.fixture
def unprotected(
    target: BoundTarget,
    request: pytest.FixtureRequest,
    workspace_path: Callable[[str], Path],
    evaluated_at: datetime,
) -> tuple[str, ...]:
    """Return what the provider does not protect of what it must, each with the reason."""
    from signoff.importers import provenance
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.settings import cloud_armor, cloudflare
    from signoff.probes.aws.filters import protected_by_shield

    settings = target.settings
    if settings.provider == "aws":
        protected = protected_by_shield(request.getfixturevalue("aws"))
        return tuple(f"{arn}: no protection of Shield Advanced" for arn in settings.protects if arn not in protected)
    names = ("zone", "records") if settings.provider == "cloudflare" else ("policies", "backends")
    first, second = (read_file(workspace_path(getattr(settings, name))) for name in names)
    note = provenance.read(read_file(workspace_path(settings.provenance)), report=second)
    require_recent(target.name, note.created, evaluated_at, settings.max_age)
    if settings.provider == "cloudflare":
        return tuple(cloudflare.read(first, second).gaps(settings.protects))
    return tuple(cloud_armor.read(first, second).gaps(settings.protects))


@pytest.fixture
def leads(target: BoundTarget) -> tuple[Lead, ...]:
    """Return where the current names lead, by every resolver."""
    from signoff.probes.network.dns import NameServer
    from signoff.probes.network.front_door import leads as ask

    servers = [
        NameServer(name=one.name, address=one.address or one.name, port=one.port) for one in target.settings.resolvers
    ]
    return ask(target.settings.names, servers)


@pytest.fixture
def open_origins(target: BoundTarget, leads: tuple[Lead, ...]) -> tuple[str, ...]:
    """Return the origins that accept a connection, once it is sure that this machine gets out at all."""
    from signoff import not_verified
    from signoff.probes.network.front_door import answers

    settings, door = target.settings, leads[0].address
    if not answers(door, settings.port, source=settings.source):
        not_verified(f"{target.name}: not even {door} port {settings.port} answers here; ask from where users are")
    return tuple(
        f"{one.address}:{one.port}"
        for one in settings.origins
        if answers(one.address, one.port, source=settings.source)
    )


@dataclass(frozen=True, kw_only=True)
class LimitSeen:
    """One place where a limit should be; `why` is empty if it is there."""

    place: str
    why: str


@pytest.fixture
def limits(
    target: BoundTarget, connect: Callable[[str], Any], service_of: Callable[[str, str], Any]
) -> list[LimitSeen]:
    """Return for every path and front door whether one client is limited there."""
    from signoff.probes.front import rate_limits

    settings = target.settings
    if settings.burst:
        return [_burst(target, service_of("web", settings.burst.web))]
    found = rate_limits.read(connect(settings.host), settings.server, settings.config, settings.paths)
    return [LimitSeen(place=str(one), why=_why_not_limited(one.per_second, settings.per_second)) for one in found]


def _why_not_limited(per_second: float | None, most: float) -> str:
    if per_second is None:
        return "no limit"
    return "" if per_second <= most else f"{per_second:g}/s, limit is {most:g}/s"


def _burst(target: BoundTarget, web: Any) -> LimitSeen:
    """Send the few requests that the inventory allows, and look for the refusal."""
    from signoff.probes.web.http import Session

    settings, burst = target.settings, target.settings.burst
    url = web.url.rstrip("/") + settings.paths[0]
    with Session(origins=[web.url], ca_file=web.ca_file or None, budget=burst.requests, per_second=1_000) as session:
        statuses = [session.get(url, allow_redirects=False).status_code for _ in range(burst.requests)]
    refused = statuses.count(burst.refused_with)
    place = f"{settings.paths[0]}: {refused} of {burst.requests} refused with {burst.refused_with}"
    return LimitSeen(place=place, why="" if refused else "none was refused")
