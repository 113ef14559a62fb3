"""Fixtures that checks of several areas share; each area's conftest adds its own vocabulary.

The engine gives `target`, `host`, `evidence`, `inventory`, `connect`, `evaluated_at` and `workspace_path`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.cloud import CloudService
    from signoff.config.kinds.document import ConfluencePage, DocumentService
    from signoff.config.kinds.load_balancer import CloudBalancer, LoadBalancerService
    from signoff.config.kinds.on_call import OnCallService
    from signoff.config.kinds.standby import StandbyService
    from signoff.importers.drills.drill import Drill
    from signoff.probes.aws.session import AwsSession
    from signoff.probes.browser.started import Browsers, Site
    from signoff.probes.cloud.model import Cloud
    from signoff.probes.front.balancer import BalancerFacts
    from signoff.probes.products.on_call import OnCallPerson
    from signoff.probes.repository.documents import Document
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def open_database(inventory: Inventory) -> Callable[..., Any]:
    """Return a context manager that opens a postgresql (or mysql) service by name, or a standby of it, read-only."""
    from dataclasses import replace

    from signoff.probes.mysql import database as mysql
    from signoff.probes.postgres.database import Address, connect

    @contextmanager
    def open_(name: str, standby: StandbyService | None = None) -> Iterator[Any]:
        settings: Any = inventory.service(name)
        password = settings.password.get_secret_value() if settings.password else ""
        if settings.kind == "mysql":
            with mysql.connect(mysql.Address.of(settings), password) as other:
                yield other
            return
        address = Address.of(settings)
        if standby:
            address = replace(address, host=standby.host, port=standby.port)
        with connect(address, password) as database:
            yield database

    return open_


@pytest.fixture
def database(target: BoundTarget, open_database: Callable[..., Any]) -> Iterator[Any]:
    """Return the current database, open for reading."""
    with open_database(target.name) as database:
        yield database


@dataclass(frozen=True, kw_only=True)
class CheckedCloud:
    """An account or cluster that was proved to be the inventory's, and a way to read it."""

    name: str
    settings: CloudService
    reader: Cloud


@pytest.fixture(scope="session")
def opened_clouds() -> Iterator[dict[str, Cloud]]:
    """Return the clouds that are open, by name: each is proved and opened once for a run."""
    opened: dict[str, Cloud] = {}
    yield opened
    for each in opened.values():
        each.close()


@pytest.fixture
def cloud(
    target: BoundTarget,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
    opened_clouds: dict[str, Cloud],
) -> CheckedCloud:
    """Return the current cloud, open for reading."""
    from signoff.probes.cloud.open import open_cloud

    if target.name not in opened_clouds:
        opened_clouds[target.name] = open_cloud(target.settings, now=evaluated_at, find=workspace_path)
    return CheckedCloud(name=target.name, settings=target.settings, reader=opened_clouds[target.name])


@pytest.fixture
def open_aws_account(inventory: Inventory) -> Callable[[str], AwsSession]:
    """Return a function that opens a cloud of Amazon's by name; the session is a context manager."""
    from signoff import not_verified
    from signoff.probes.aws.session import open_aws
    from signoff.probes.cloud.open import aws_access

    def open_(name: str) -> AwsSession:
        settings: Any = inventory.service(name)
        if settings.kind != "cloud" or settings.provider != "aws":
            not_verified(f"{name} is no cloud of provider aws; name one")
        return open_aws(aws_access(settings))

    return open_


@pytest.fixture
def read_balancer(
    inventory: Inventory,
    connect: Callable[[str], Any],
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
) -> Callable[..., BalancerFacts]:
    """Return a function that reads a load balancer (and those pools of it), from whatever tells about it."""
    from signoff.probes.front.asked_servers import Question, ask_servers
    from signoff.probes.front.haproxy import read_haproxy, read_socket
    from signoff.probes.front.nginx_plus import read_nginx_plus
    from signoff.probes.web.http import Session

    def read(settings: LoadBalancerService, pools: Iterable[str] = ()) -> BalancerFacts:
        if settings.stats_socket:
            return read_socket(connect(settings.stats_socket.host), settings.stats_socket.path)
        if settings.managed:
            wanted = [*pools] or [pool.name for pool in settings.pools]
            return _managed(settings.managed, wanted, inventory, evaluated_at, workspace_path)
        credentials = (settings.user, settings.password.get_secret_value() if settings.password else "")
        auth = credentials if settings.user else None
        questions = [Question(pool=one.pool, server=one.name, url=one.url) for one in settings.asked]
        origins = [settings.stats_url or settings.nginx_api, *(one.url for one in settings.asked)]
        with Session(origins=[*filter(None, origins)], ca_file=settings.ca_file or None, budget=60) as session:
            if settings.stats_url:
                return read_haproxy(session, settings.stats_url, auth=auth)
            if settings.nginx_api:
                return read_nginx_plus(session, settings.nginx_api, auth=auth)
            return ask_servers(session, questions)

    return read


def _managed(
    place: CloudBalancer, pools: list[str], inventory: Inventory, now: datetime, find: Callable[[str], Path]
) -> BalancerFacts:
    from signoff import not_verified
    from signoff.probes.aws.session import open_aws
    from signoff.probes.cloud.open import aws_access, open_documents
    from signoff.probes.front.elbv2 import read_elbv2
    from signoff.probes.front.endpoint_slices import read_endpoint_slices

    cloud: Any = inventory.service(place.cloud)
    if cloud.provider == "kubernetes":
        return read_endpoint_slices(open_documents(cloud, now, find), pools)
    if cloud.provider != "aws":
        not_verified(f"load balancers of {cloud.provider} cannot be read; name what they forward to as `asked`")
    with open_aws(aws_access(cloud)) as session:
        return read_elbv2(session, place.region or cloud.regions[0], pools)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The record of a drill that is recent, and the limits that it had to keep."""

    name: str
    limits: Any
    record: Drill
    sha256: str


@pytest.fixture
def rehearsal_of(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Callable[[str], Rehearsal]:
    """Return a function that reads the record of a drill_report or recovery_drill service, if it is recent."""
    from hashlib import sha256

    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.drills.drill import read

    def read_(name: str) -> Rehearsal:
        entry = inventory.services.get(name)
        limits: Any = entry.settings if entry else None
        if limits is None or limits.kind not in {"drill_report", "recovery_drill"}:
            not_verified(f"{name} is no drill_report of services.yaml; hold a drill and name its record")
        content = read_file(workspace_path(limits.path))
        record = read(content)
        require_recent(name, record.performed_at, evaluated_at, limits.max_age)
        return Rehearsal(name=name, limits=limits, record=record, sha256=sha256(content).hexdigest())

    return read_


@dataclass(frozen=True, kw_only=True)
class CheckedDocument:
    """A document as it stands in the release or in the wiki, and when what it describes last changed."""

    name: str
    settings: DocumentService
    document: Document
    where: str
    changed: datetime | None


@pytest.fixture
def checked_document(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Callable[[str], CheckedDocument]:
    """Return a function that reads a document of the inventory by name, wherever it is kept."""
    from signoff.probes.repository.documents import read
    from signoff.probes.repository.git import Repository

    commit, today = inventory.policy.commit, evaluated_at.date()

    def clone(name: str) -> Repository:
        settings: Any = inventory.service(name)
        return Repository(path=workspace_path(settings.path))

    def read_(name: str) -> CheckedDocument:
        settings: Any = inventory.service(name)
        if settings.confluence:
            page = _wiki_page(settings.confluence)
            document = read(page.text, today=today, changed=page.changed.date(), version=str(page.version))
        elif settings.repository:
            document = read(clone(settings.repository).read(commit, settings.path), today=today)
        else:
            document = read(_file(workspace_path(settings.path)), today=today)
        described = settings.described_in or settings.repository
        return CheckedDocument(
            name=name,
            settings=settings,
            document=document,
            where=settings.address,
            changed=clone(described).changed(commit, *settings.describes) if settings.describes else None,
        )

    return read_


def _wiki_page(page: ConfluencePage) -> Any:
    from signoff.probes.products.confluence import read_page
    from signoff.probes.web.http import Session

    token = page.token.get_secret_value()
    headers = {} if page.user else {"Authorization": f"Bearer {token}"}
    with Session(origins=[page.url], ca_file=page.ca_file or None, headers=headers, budget=5) as session:
        if page.user:
            session.auth = (page.user, token)
        return read_page(session, page.url, page.page, page.edition)


def _file(path: Path) -> bytes:
    from signoff import not_verified

    try:
        return path.read_bytes()
    except OSError as error:
        not_verified(f"{path}: {error.strerror}; correct the document's path in services.yaml")


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """Who takes turns, and everybody else whom the provider knows."""

    name: str
    settings: OnCallService
    shifts: tuple[OnCallPerson, ...]
    people: tuple[OnCallPerson, ...]


@pytest.fixture
def read_on_call(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Callable[[str], OnCall]:
    """Return a function that reads an on_call service by name."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file
    from signoff.importers.people.on_call_list import read
    from signoff.probes.products.on_call import open_roster

    def read_(name: str) -> OnCall:
        known: Any = inventory.services_of("on_call")
        if name not in known:
            not_verified(f"there is no on_call service {name}; add one to services.yaml")
        settings: OnCallService = known[name]
        if settings.provider == "file":
            people = read(read_file(workspace_path(settings.path)), now=evaluated_at)
            return OnCall(name=name, settings=settings, shifts=people, people=people)
        token = settings.token.get_secret_value() if settings.token else ""
        session, roster = open_roster(settings.provider, settings.api, token=token, ca_file=settings.ca_file or None)
        with session:
            shifts = roster.on_call(settings.schedules, start=evaluated_at, end=evaluated_at + settings.horizon)
            return OnCall(name=name, settings=settings, shifts=shifts, people=roster.people())

    return read_


@pytest.fixture(scope="session")
def browsers(inventory: Inventory) -> Iterator[Browsers]:
    """Return the browsers of this run: each is started once, when a check first needs it."""
    from signoff.probes.browser.started import Browsers

    running = Browsers([site_of(entry, inventory) for entry in visited(inventory)])
    yield running
    running.close()


def visited(inventory: Inventory) -> list[Any]:
    """Return the services whose pages are opened in browsers."""
    services = [*inventory.services_of("web_pages").values(), *inventory.services_of("journey").values()]
    return [entry for entry in services if entry.kind == "web_pages" or getattr(entry, "browser", False)]


def site_of(entry: Any, inventory: Inventory) -> Site:
    """Return the application behind pages or a journey, and where else its pages load from."""
    from signoff.probes.browser.started import Site

    web: Any = inventory.service(entry.web)
    return Site(url=web.url, load_from=entry.load_from, ca_file=web.ca_file)


@pytest.fixture(scope="session")
def find_site(inventory: Inventory) -> Callable[[Any], Site]:
    """Return a function from pages or a journey to the application that browsers visit for it."""
    return lambda entry: site_of(entry, inventory)
