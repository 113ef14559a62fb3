"""What checks of accounts talk about: identity providers, keys, privileges, and sessions that must end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.importers.settings.keycloak import Realm
    from signoff.probes.aws.credentials import CredentialReport
    from signoff.probes.aws.session import AwsSession
    from signoff.probes.hosts.sudo_rules import SudoRule
    from signoff.probes.postgres.database import Database
    from signoff.probes.postgres.key_table import IssuedKey
    from signoff.probes.postgres.roles import Privileges
    from signoff.probes.redis.keys import Lifetimes
    from signoff.probes.web.oidc import Provider
    from signoff.probes.web.revisit import Revisited
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def provider(target: BoundTarget) -> Provider:
    """Return what the current identity provider publishes of itself."""
    from signoff.probes.web.oidc import discover

    return discover(target.settings.issuer, ca_file=target.settings.ca_file or None)


@pytest.fixture
def realm(target: BoundTarget, evaluated_at: datetime, workspace_path: Callable[[str], Path]) -> Realm:
    """Return the rules of the current realm, if the file is about it and recent."""
    from signoff import not_verified
    from signoff.importers import provenance
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.settings import keycloak

    settings = target.settings
    text = read_file(workspace_path(settings.path))
    note = provenance.read(read_file(workspace_path(settings.provenance)), report=text)
    require_recent(target.name, note.created, evaluated_at, settings.max_age)
    found = keycloak.read(text)
    if found.name != settings.realm:
        not_verified(f"{target.name}: is about the realm {found.name}; export {settings.realm}")
    return found


@pytest.fixture
def credential_report(target: BoundTarget, aws: AwsSession, evaluated_at: datetime) -> CredentialReport:
    """Return IAM's last report, if it is recent."""
    from signoff.importers.admissible import require_recent
    from signoff.probes.aws.credentials import read

    report = read(aws)
    require_recent(f"{target.name}: the report", report.made_at, evaluated_at, target.settings.report_max_age)
    return report


@pytest.fixture
def issued_keys(
    target: BoundTarget, service_of: Callable[[str, str], Any], open_database: Callable[..., Any]
) -> tuple[IssuedKey, ...]:
    """Return every key of the current table that opens something now."""
    from signoff.probes.postgres.key_table import read

    service_of("postgresql", target.settings.database)
    with open_database(target.settings.database) as database:
        return read(database, target.settings.sql)


@pytest.fixture
def privileges(target: BoundTarget, database: Database) -> Privileges:
    """Return who may do what in the current server."""
    from signoff import not_verified
    from signoff.probes.postgres.roles import read

    if target.settings.roles is None:
        not_verified(f"{target.name}: nobody is named who may sign in; write roles for it in services.yaml")
    return read(database)


@pytest.fixture
def sudo_rules(
    target: BoundTarget, inventory: Inventory, connect: Callable[[str], Any]
) -> dict[str, tuple[SudoRule, ...]]:
    """Return every permission of every listed host, by host."""
    from signoff import not_verified
    from signoff.probes.hosts.sudo_rules import read

    names: list[str] = []
    for entry in target.settings.hosts:
        found = [entry] if entry in inventory.hosts else [host.name for host in inventory.group(entry)]
        if not found:
            not_verified(f"{target.name}: no host or group {entry!r}; correct its hosts")
        names += found
    return {name: read(connect(name)) for name in dict.fromkeys(names)}


@pytest.fixture
def lifetimes(
    target: BoundTarget, service_of: Callable[[str, str], Any], access_of: Callable[[str, Any], Any]
) -> Lifetimes:
    """Return how long the sessions of the current store still live."""
    from signoff.probes.redis.keys import lifetimes as read

    settings = target.settings
    if settings.access:
        access = access_of(settings.access, service_of("access", settings.access))
        access.sign_in(access.session.identity)
    return read(service_of("redis", settings.redis), settings.pattern, sample=settings.sample)


@pytest.fixture
def revisited(
    target: BoundTarget,
    inventory: Inventory,
    service_of: Callable[[str, str], Any],
    access_of: Callable[[str, Any], Any],
) -> Revisited:
    """Return what became of the session that an earlier run left, and leave a new one for the next run."""
    import os
    from pathlib import Path

    from signoff.probes.web.kept_session import Keeper, default_folder
    from signoff.probes.web.revisit import revisit

    settings = target.settings
    access = access_of(settings.access, service_of("access", settings.access))
    rules = access.session
    folder = Path(settings.folder).expanduser() if settings.folder else default_folder(os.environ)
    keeper = Keeper(folder, inventory.name, target.name, access.web.url, rules.identity, settings.ends)
    fresh, _ = access.sign_in(rules.identity)
    return revisit(keeper, fresh, access.stranger(), path=rules.private_path, after=settings.after, idle=settings.idle)
