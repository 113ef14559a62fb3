"""What deployment checks talk about: builds, environment files, packages and scripts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from signoff.config.hosts import PythonEnvironment
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.repository import Deployment
    from signoff.config.kinds.web import WebService
    from signoff.importers.drills.deploy_record import DeployRecord
    from signoff.probes.hosts import python_environment
    from signoff.probes.hosts.env_file import EnvFile
    from signoff.probes.hosts.python_environment import Differences
    from signoff.probes.hosts.shell_script import Script
    from signoff.probes.web.build_info import Build
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def source(target: BoundTarget, source_of: Callable[[str], Any]) -> Any:
    """Return the current repository."""
    return source_of(target.name)


@pytest.fixture
def builds(target: BoundTarget) -> dict[str, Build]:
    """Return what every instance of the current application says it runs; none is asked through the balancer."""
    from signoff import not_verified
    from signoff.probes.web.build_info import read
    from signoff.probes.web.http import Session

    settings: WebService = target.settings
    if not settings.instances:
        not_verified(
            f"{target.name}: no instances named; the balancer shows one at a time; write them in services.yaml"
        )
    with Session(origins=[one.url for one in settings.instances], ca_file=settings.ca_file or None) as session:
        return {one.name: read(session, one.url.rstrip("/") + settings.version_path) for one in settings.instances}


@pytest.fixture(scope="session")
def run_key() -> bytes:
    """Return the key of this run's digests; it is written nowhere."""
    return secrets.token_bytes(32)


@pytest.fixture
def env_files(target: BoundTarget, host: Any, run_key: bytes) -> tuple[tuple[Any, EnvFile], ...]:
    """Return the environment files of the current host: what is wanted of each, and what it is."""
    from signoff import not_verified
    from signoff.probes.hosts.env_file import read

    if not target.settings.env_files:
        not_verified(f"{target.name}: no environment file named; write signoff.env_files for it in hosts.yaml")
    return tuple((wanted, read(host, wanted.path, key=run_key)) for wanted in target.settings.env_files)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Keys that should have one value on all hosts and have several, with the hosts that stand apart."""

    keys: dict[str, tuple[str, ...]]
    files: int


@pytest.fixture
def drift(inventory: Inventory, connect: Callable[[str], Any], run_key: bytes) -> Drift:
    """Return how the environment files with one path differ between the hosts, by keyed digests."""
    from signoff.probes.hosts.env_file import differing, read

    by_path: dict[str, dict[str, Any]] = {}
    for host in inventory.hosts.values():
        for wanted in host.settings.env_files:
            if wanted.same_on_all_hosts:
                by_path.setdefault(wanted.path, {})[host.name] = wanted
    keys: dict[str, tuple[str, ...]] = {}
    shared = {path: wanted for path, wanted in by_path.items() if len(wanted) > 1}
    for path, hosts in shared.items():
        files = {name: read(connect(name), path, key=run_key) for name in hosts}
        free = {key for one in hosts.values() for key in one.differs}
        keys |= differing(files, {key for file in files.values() for key in file.keys} - free)
    return Drift(keys=keys, files=sum(map(len, shared.values())))


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python environment on a host, compared with the release's lock file."""

    wanted: PythonEnvironment
    found: python_environment.PythonEnvironment
    locked: int
    differences: Differences


@pytest.fixture
def interpreters(target: BoundTarget, host: Any, source_of: Callable[[str], Any]) -> tuple[Interpreter, ...]:
    """Return every Python environment of the current host."""
    from signoff import not_verified
    from signoff.importers.locks import lock
    from signoff.probes.hosts.python_environment import differences, read

    if not target.settings.python:
        not_verified(f"{target.name}: no interpreter named; write signoff.python for it in hosts.yaml")
    compared = []
    for wanted in target.settings.python:
        origin, found = source_of(wanted.repository), read(host, wanted.interpreter)
        name = origin.settings.lockfile
        packages = lock.read(name, origin.read(name), environment=found.markers, extras=wanted.extras)
        gap = differences(found, packages, wanted.ignore)
        compared.append(Interpreter(wanted=wanted, found=found, locked=len(packages), differences=gap))
    return tuple(compared)


@pytest.fixture
def deployment(source: Any) -> Deployment:
    """Return how the current repository is deployed."""
    from signoff import not_verified

    if source.settings.deployment is None:
        not_verified(f"{source.name}: no deployment named; write deployment for it in services.yaml")
    deployment: Deployment = source.settings.deployment
    return deployment


@pytest.fixture
def scripts(source: Any, deployment: Deployment) -> dict[str, Script]:
    """Return the deployment scripts of the release by path."""
    from signoff.probes.hosts.shell_script import read

    return {path: read(path, source.read(path)) for path in deployment.scripts}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The last deployment to staging, and the digests of the release's own scripts."""

    limits: Deployment
    record: DeployRecord
    sha256: Mapping[str, str]


@pytest.fixture
def rehearsal(
    source: Any, deployment: Deployment, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Rehearsal:
    """Return the rehearsal of the current repository's deployment, if it is recent and of this release."""
    import hashlib

    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.drills.deploy_record import read

    if not deployment.record:
        not_verified(f"{source.name}: no record named; rehearse on staging and name its record in services.yaml")
    record = read(read_file(workspace_path(deployment.record)))
    require_release(f"{source.name}: the rehearsal", record.commit, source.commit)
    require_recent(f"{source.name}: the rehearsal", record.finished, evaluated_at, deployment.max_age)
    digests = {path: hashlib.sha256(source.read(path)).hexdigest() for path in deployment.scripts}
    return Rehearsal(limits=deployment, record=record, sha256=digests)
