"""What software checks talk about: builds, environment files, packages, scripts, APIs and databases."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from signoff.config.hosts import PythonEnvironment
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.postgresql import Pool
    from signoff.config.kinds.repository import Deployment, RepositoryService
    from signoff.config.kinds.web import ErrorCase, WebService
    from signoff.importers.deploy_record import DeployRecord
    from signoff.importers.migration_proof import MigrationProof
    from signoff.probes import python_environment
    from signoff.probes.build_info import Build
    from signoff.probes.env_file import EnvFile
    from signoff.probes.error_answers import ErrorAnswer
    from signoff.probes.git import Repository
    from signoff.probes.migrations import Migrations
    from signoff.probes.openapi import Document
    from signoff.probes.openapi_coverage import Changing, Reading
    from signoff.probes.postgres import Database
    from signoff.probes.postgres_connections import Connections
    from signoff.probes.postgres_indexes import Indexes
    from signoff.probes.postgres_migrations import Applied
    from signoff.probes.postgres_statements import Statements
    from signoff.probes.python_environment import Differences
    from signoff.probes.service_metrics import ServiceMetrics, Traffic
    from signoff.probes.shell_script import Script
    from signoff.probes.web_session import WebSessions
    from signoff.pytest_plugin.fixtures import BoundTarget


# --- deployment -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository and the release's commit in it."""

    name: str
    settings: RepositoryService
    repository: Repository
    commit: str

    def read(self, path: str) -> bytes:
        """Return a file as it is in the release."""
        return self.repository.read(self.commit, path)


@pytest.fixture
def source_of(inventory: Inventory, workspace_path: Callable[[str], Path]) -> Callable[[str], Source]:
    """Return a function from the name of a repository service to its source at the release."""
    from signoff.probes.git import Repository

    def find(name: str) -> Source:
        settings: Any = inventory.service(name)
        clone = Repository(path=workspace_path(settings.path))
        return Source(name=name, settings=settings, repository=clone, commit=inventory.policy.commit)

    return find


@pytest.fixture
def source(target: BoundTarget, source_of: Callable[[str], Source]) -> Source:
    """Return the current repository."""
    return source_of(target.name)


@pytest.fixture
def builds(target: BoundTarget) -> dict[str, Build]:
    """Return what every instance of the current application says it runs; none is asked through the balancer."""
    from signoff import not_verified
    from signoff.probes.build_info import read
    from signoff.probes.http import Session

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
    from signoff.probes.env_file import read

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
    from signoff.probes.env_file import differing, read

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
def interpreters(target: BoundTarget, host: Any, source_of: Callable[[str], Source]) -> tuple[Interpreter, ...]:
    """Return every Python environment of the current host."""
    from signoff import not_verified
    from signoff.importers import lock
    from signoff.probes.python_environment import differences, read

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
def deployment(source: Source) -> Deployment:
    """Return how the current repository is deployed."""
    from signoff import not_verified

    if source.settings.deployment is None:
        not_verified(f"{source.name}: no deployment named; write deployment for it in services.yaml")
    deployment: Deployment = source.settings.deployment
    return deployment


@pytest.fixture
def scripts(source: Source, deployment: Deployment) -> dict[str, Script]:
    """Return the deployment scripts of the release by path."""
    from signoff.probes.shell_script import read

    return {path: read(path, source.read(path)) for path in deployment.scripts}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The last deployment to staging, and the digests of the release's own scripts."""

    limits: Deployment
    record: DeployRecord
    sha256: Mapping[str, str]


@pytest.fixture
def rehearsal(
    source: Source, deployment: Deployment, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Rehearsal:
    """Return the rehearsal of the current repository's deployment, if it is recent and of this release."""
    import hashlib

    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.deploy_record import read

    if not deployment.record:
        not_verified(f"{source.name}: no record named; rehearse on staging and name its record in services.yaml")
    record = read(read_file(workspace_path(deployment.record)))
    require_release(f"{source.name}: the rehearsal", record.commit, source.commit)
    require_recent(f"{source.name}: the rehearsal", record.finished, evaluated_at, deployment.max_age)
    digests = {path: hashlib.sha256(source.read(path)).hexdigest() for path in deployment.scripts}
    return Rehearsal(limits=deployment, record=record, sha256=digests)


# --- API --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Application:
    """A web application, asked as anybody or as one of its synthetic accounts."""

    name: str
    settings: WebService
    sessions: WebSessions


@pytest.fixture
def application(target: BoundTarget) -> Iterator[Application]:
    """Return the current application."""
    from signoff.probes.web_session import WebSessions

    with WebSessions.of(target.settings) as sessions:
        yield Application(name=target.name, settings=target.settings, sessions=sessions)


@pytest.fixture
def metrics(application: Application, inventory: Inventory) -> Iterator[ServiceMetrics | None]:
    """Return the current application's metrics; None if it has none."""
    from signoff.probes.prometheus import open_prometheus
    from signoff.probes.service_metrics import Names, ServiceMetrics

    names = application.settings.metrics
    if names is None:
        yield None
        return
    server: Any = inventory.service(names.prometheus)
    password = server.password.get_secret_value() if server.password else ""
    with open_prometheus(server.url, user=server.user, password=password, ca_file=server.ca_file or None) as api:
        yield ServiceMetrics(api, Names.of(names), names.window)


@pytest.fixture
def api_document(application: Application) -> Document:
    """Return the OpenAPI document that the current application serves."""
    from signoff.probes.openapi import fetch

    return fetch(application.sessions.session(), application.sessions.url(application.settings.openapi_path))


@pytest.fixture
def reading_operations(application: Application, api_document: Document) -> Reading:
    """Call every GET operation of the current application's document."""
    from signoff.probes.openapi_coverage import read

    api, web = application.settings.api, application.sessions
    return read(
        api_document,
        application.settings.url,
        lambda operation: web.session(api.identities.get(operation, "")),
        samples=api.samples,
        exclude={one.operation for one in api.exclude},
    )


@pytest.fixture
def changing_operations(
    application: Application, api_document: Document, inventory: Inventory, workspace_path: Callable[[str], Path]
) -> Changing:
    """Return which of the current application's other operations the release's own tests cover."""
    from signoff.importers import junit
    from signoff.importers.admissible import read_file, require_release
    from signoff.probes.openapi_coverage import look_up

    api = application.settings.api
    cases: tuple[junit.Case, ...] = ()
    if api.test_report:
        report = junit.read(read_file(workspace_path(api.test_report)))
        require_release(f"{application.name}: the test report", report.commit, inventory.policy.commit)
        cases = report.cases
    return look_up(api_document, cases, exclude={one.operation for one in api.exclude})


@dataclass(frozen=True, kw_only=True)
class ApiSource:
    """The document as it is in the release."""

    document: Document
    version: str


@pytest.fixture
def api_source(application: Application, inventory: Inventory, source_of: Callable[[str], Source]) -> ApiSource:
    """Return the current application's OpenAPI document in its repository."""
    from signoff import not_verified
    from signoff.probes.openapi import parse

    name = application.settings.repository
    origin = source_of(name) if name else None
    if origin is None or not origin.settings.openapi:
        not_verified(f"{application.name}: no OpenAPI document in a repository named; write openapi in services.yaml")
    path = origin.settings.openapi
    release = inventory.policy.release.partition("+")[0].removeprefix("v")
    return ApiSource(document=parse(origin.read(path), path), version=release)


@pytest.fixture
def routes_in_use(application: Application, metrics: ServiceMetrics | None) -> frozenset[str]:
    """Return the routes that somebody asked within the window of the current application's metrics."""
    from signoff import not_verified

    if metrics is None or application.settings.metrics is None:
        not_verified(f"{application.name}: no metrics named; write metrics for it in services.yaml")
    return metrics.routes() - set(application.settings.metrics.unknown_routes)


@pytest.fixture
def traffic(application: Application, metrics: ServiceMetrics | None) -> Traffic:
    """Return the current application's real traffic; without metrics, a bounded sample of its main functions."""
    from signoff import not_verified
    from signoff.probes.response_times import Sample, take
    from signoff.probes.service_metrics import Traffic

    settings, web = application.settings, application.sessions
    if metrics and settings.metrics:
        return metrics.traffic(min_requests=settings.metrics.min_requests)
    if not settings.journeys:
        not_verified(f"{application.name}: neither metrics nor journeys named; write them in services.yaml")
    each = settings.sample.requests
    sample = Sample.of(take(web.session(one.identity), web.url(one.path), requests=each) for one in settings.journeys)
    return Traffic(requests=len(sample.seconds), errors=sample.failures, p95_seconds=sample.quantile(0.95))


@pytest.fixture
def error_answers(application: Application) -> tuple[tuple[ErrorCase, ErrorAnswer], ...]:
    """Send the wrong requests of the inventory to the current application."""
    from signoff import not_verified
    from signoff.probes.error_answers import ask

    errors = application.settings.errors
    if not errors.cases:
        not_verified(f"{application.name}: no wrong requests named; write errors.cases for it in services.yaml")
    web = application.sessions
    return tuple(
        (case, ask(web.session(), case.method, web.url(case.path), case.headers, errors.correlation_header))
        for case in errors.cases
    )


# --- database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def indexes(database: Database) -> Indexes:
    """Return the indexes of the current database."""
    from signoff.probes.postgres_indexes import read

    return read(database)


@pytest.fixture
def pools(target: BoundTarget) -> tuple[Pool, ...]:
    """Return the connection pools of the applications that use the current database."""
    from signoff import not_verified

    pools: tuple[Pool, ...] = target.settings.connections.pools
    if not pools:
        not_verified(f"{target.name}: no pools named; write connections.pools for it in services.yaml")
    return pools


@pytest.fixture
def connections(database: Database) -> Connections:
    """Return the connections of the current database's server."""
    from signoff.probes.postgres_connections import read

    return read(database)


@pytest.fixture
def statements(target: BoundTarget, database: Database) -> Statements:
    """Return what the current database spent its time on, if it was watched for long enough."""
    from signoff.probes.postgres_statements import read

    limits = target.settings.statements
    statements = read(database, limits.roles)
    statements.require(limits.min_statistics_age, limits.max_evictions)
    return statements


@pytest.fixture
def migrations(target: BoundTarget, source_of: Callable[[str], Source]) -> Migrations:
    """Return the current database's migrations as they stand in the release."""
    from signoff import not_verified
    from signoff.probes.migrations import read

    settings = target.settings.migrations
    if settings is None:
        not_verified(f"{target.name}: no migrations named; write migrations for it in services.yaml")
    origin = source_of(settings.repository)
    return read(origin.repository, origin.commit, settings.path, settings.tool)


@pytest.fixture
def applied(target: BoundTarget, migrations: Migrations, database: Database) -> Applied:  # noqa: ARG001 - says why not
    """Return what the current database recorded of its migrations."""
    from signoff.probes.postgres_migrations import read

    return read(database, target.settings.migrations.tool, target.settings.migrations.table)


@pytest.fixture
def migration_proof(
    target: BoundTarget,
    migrations: Migrations,  # noqa: ARG001 - says why not, if there are none
    inventory: Inventory,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
) -> MigrationProof:
    """Return the rehearsal of the current database's migrations, if it is recent and of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.migration_proof import read

    settings = target.settings.migrations
    if not settings.proof:
        not_verified(f"{target.name}: no proof named; rehearse the migrations on a copy and name its record")
    proof = read(read_file(workspace_path(settings.proof)))
    require_release(f"{target.name}: the migration proof", proof.commit, inventory.policy.commit)
    require_recent(f"{target.name}: the migration proof", proof.finished, evaluated_at, settings.proof_max_age)
    return proof
