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

    from signoff.config.hosts import NodeEnvironment, PythonEnvironment
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.repository import Deployment
    from signoff.config.kinds.web import WebService
    from signoff.importers.drills.deploy_record import DeployRecord
    from signoff.probes.hosts.env_file import EnvFile
    from signoff.probes.hosts.python_environment import Differences
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
    """Keys, and whole files, that should be the same on all hosts and are not, with the hosts that stand apart."""

    keys: dict[str, tuple[str, ...]]
    files: int


@pytest.fixture
def drift(inventory: Inventory, connect: Callable[[str], Any], run_key: bytes) -> Drift:
    """Return how files with one path differ between the hosts, by keyed digests: by key, or the file as a whole."""
    hosts = inventory.hosts.values()
    settings = [(host.name, one) for host in hosts for one in host.settings.env_files if one.same_on_all_hosts]
    whole = [(host.name, one) for host in hosts for one in host.settings.config_files if one.same_on_all_hosts]
    keys: dict[str, tuple[str, ...]] = {}
    for path, files in _on_several(settings).items():
        keys |= _different_keys(path, files, connect, run_key)
    for path, names in _on_several(whole).items():
        keys |= _different_files(path, names, connect, run_key)
    compared = (*_on_several(settings).values(), *_on_several(whole).values())
    return Drift(keys=keys, files=sum(map(len, compared)))


def _on_several(listed: list[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return path to host to file, of the paths that several hosts list."""
    by_path: dict[str, dict[str, Any]] = {}
    for host, file in listed:
        by_path.setdefault(file.path, {})[host] = file
    return {path: files for path, files in by_path.items() if len(files) > 1}


def _different_keys(
    path: str, wanted: dict[str, Any], connect: Callable[[str], Any], key: bytes
) -> dict[str, tuple[str, ...]]:
    from signoff.probes.hosts.env_file import differing, read

    files = {name: read(connect(name), path, key=key) for name in wanted}
    free = {each for one in wanted.values() for each in one.differs}
    return differing(files, {each for file in files.values() for each in file.keys} - free)


def _different_files(
    path: str, names: dict[str, Any], connect: Callable[[str], Any], key: bytes
) -> dict[str, tuple[str, ...]]:
    from signoff.probes.hosts.config_file import differing, read

    apart = differing({name: read(connect(name), path, key=key.hex()) for name in names})
    return {path: apart} if apart else {}


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """What one program on a host would load, compared with the release's lock file."""

    path: str
    version: str
    installed: int
    locked: int
    differences: Differences
    broken: int = 0
    conflicts: tuple[str, ...] | None = None
    """Requirements of installed packages that are not met; None: this program's packages cannot say."""


@pytest.fixture
def interpreters(target: BoundTarget, host: Any, source_of: Callable[[str], Any]) -> tuple[Interpreter, ...]:
    """Return every Python environment and every Node.js application of the current host."""
    from signoff import not_verified

    if not target.settings.python and not target.settings.node:
        not_verified(f"{target.name}: no interpreter named; write signoff.python or signoff.node for it in hosts.yaml")
    return (
        *(_python(host, wanted, source_of(wanted.repository)) for wanted in target.settings.python),
        *(_node(host, wanted, source_of(wanted.repository)) for wanted in target.settings.node),
    )


def _python(host: Any, wanted: PythonEnvironment, origin: Any) -> Interpreter:
    from signoff.importers.locks import lock
    from signoff.probes.hosts.python_conflicts import conflicts
    from signoff.probes.hosts.python_environment import differences, read

    found, name = read(host, wanted.interpreter), origin.settings.lockfile
    packages = lock.read(name, origin.read(name), environment=found.markers, extras=wanted.extras)
    return Interpreter(
        path=wanted.interpreter,
        version=found.version,
        installed=len(found.packages),
        locked=len(packages),
        differences=differences(found, packages, wanted.ignore),
        broken=found.broken,
        conflicts=conflicts(found),
    )


def _node(host: Any, wanted: NodeEnvironment, origin: Any) -> Interpreter:
    from signoff.importers.locks import node_tree
    from signoff.probes.hosts.node_environment import read
    from signoff.probes.hosts.python_environment import Differences

    locked = node_tree.read(origin.read(wanted.lockfile))
    version, installed = read(host, wanted.folder, node=wanted.node)
    missing, different, extra = node_tree.gaps(locked, installed, development=wanted.development)
    return Interpreter(
        path=wanted.folder,
        version=version,
        installed=len(installed),
        locked=len(locked),
        differences=Differences(missing=missing, different=different, extra=extra),
    )


@dataclass(frozen=True, kw_only=True)
class Locked:
    """The release's lock file, and how it departs from the project that it locks."""

    name: str
    packages: int
    departures: tuple[str, ...]


@pytest.fixture
def lock_file(source: Any) -> Locked:
    """Return the current repository's lock file, read as on the machine of the checks."""
    from packaging.markers import default_environment

    from signoff import not_verified
    from signoff.importers.locks import lock, lock_current

    name, project = source.settings.lockfile, source.settings.project
    if not name:
        not_verified(f"{source.name}: no lock file named; write lockfile for it in services.yaml")
    environment = {key: str(value) for key, value in default_environment().items()}
    text = source.read(name)
    packages = lock.read(name, text, environment=environment)
    found = lock_current.stale(name, text, source.read(project), packages, environment=environment)
    return Locked(name=name, packages=len(packages), departures=found)


@pytest.fixture
def deployment(source: Any) -> Deployment:
    """Return how the current repository is deployed."""
    from signoff import not_verified

    if source.settings.deployment is None:
        not_verified(f"{source.name}: no deployment named; write deployment for it in services.yaml")
    deployment: Deployment = source.settings.deployment
    return deployment


@dataclass(frozen=True, kw_only=True)
class Scripts:
    """The deployment files of the release: what reads each, and what is wrong with it."""

    read_by: dict[str, str]
    wrong: tuple[str, ...]
    unread: tuple[str, ...]
    """Why a file could not be judged; each with its next step."""


@pytest.fixture
def scripts(source: Any, deployment: Deployment) -> Scripts:
    """Return the deployment files of the current repository."""
    from signoff.errors import NotVerifiedError
    from signoff.probes.repository import deployment_files

    files = deployment_files.Release(
        paths=source.repository.files(source.commit), read=source.read, severity=deployment.severity
    )
    read_by: dict[str, str] = {}
    wrong: list[str] = []
    unread: list[str] = []
    for path in deployment.scripts:
        for reader, judge in deployment_files.readers(files, path, shellcheck=deployment.shellcheck):
            read_by[path] = f"{read_by[path]}, {reader}" if path in read_by else reader
            try:
                wrong += [f"{path}: {complaint}" for complaint in judge()]
            except NotVerifiedError as error:
                unread.append(str(error))
    return Scripts(read_by=read_by, wrong=tuple(wrong), unread=tuple(dict.fromkeys(unread)))


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
