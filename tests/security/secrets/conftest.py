"""What checks of secrets talk about, beside the source and its history: what runs, scanners, and Vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.probes.hosts.process_secrets import Running
    from signoff.probes.secrets.history import Exposure
    from signoff.probes.secrets.scanner import Scanned
    from signoff.probes.secrets.vault_state import AuditDevice, Health, Token
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def running(target: BoundTarget, host: Any) -> Running:
    """Return what runs on the current host, and which of it shows a secret."""
    from signoff.probes.hosts.process_secrets import scan

    return scan(host, match=target.settings.command_lines)


@dataclass(frozen=True, kw_only=True)
class ScannedHistory:
    """What the scanner found in a repository, and which of it has not been replaced since."""

    facts: Scanned
    open: tuple[Exposure, ...]


@pytest.fixture
def scanned(
    target: BoundTarget,
    inventory: Inventory,
    service_of: Callable[[str, str], Any],
    workspace_path: Callable[[str], Path],
) -> ScannedHistory:
    """Return the scanner's view of everything that was ever committed."""
    from fnmatch import fnmatch

    from signoff.probes.secrets.scanner import scan

    settings = target.settings
    repository = service_of("repository", settings.repository)
    facts = scan(workspace_path(repository.path), settings.tool, program=settings.program)
    rotations: list[Any] = [
        one
        for one in inventory.services_of("secret_rotation").values()
        if one.repository == settings.repository  # type: ignore[attr-defined]  # of this kind
    ]

    def is_open(exposure: Exposure) -> bool:
        found = exposure.finding
        if any(fnmatch(found.file, pattern) for pattern in repository.sample_secrets):
            return False
        return not any(
            (one.file, one.rule) == (found.file, found.rule) and one.rotated_at > exposure.at for one in rotations
        )

    return ScannedHistory(facts=facts, open=tuple(filter(is_open, facts.exposures)))


@dataclass(frozen=True, kw_only=True)
class VaultState:
    """Everything that is asked of Vault itself; what a sealed one cannot tell is empty."""

    health: Health
    devices: tuple[AuditDevice, ...] = ()
    token: Token | None = None


@pytest.fixture
def vault(target: BoundTarget) -> VaultState:
    """Return the state of the current Vault."""
    from signoff.probes.secrets import vault_state
    from signoff.probes.web.http import Session

    url, token = target.settings.url, target.settings.token.get_secret_value()
    with Session(origins=[url], ca_file=target.settings.ca_file or None, budget=5) as session:
        health = vault_state.health(session, url)
        if health.sealed or not health.initialized:
            return VaultState(health=health)
        return VaultState(
            health=health,
            devices=vault_state.audit_devices(session, url, token=token),
            token=vault_state.token_facts(session, url, token=token),
        )
