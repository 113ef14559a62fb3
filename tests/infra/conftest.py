"""What infrastructure checks talk about: servers, certificates, name servers, load balancers and caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import timedelta

    from requests import Response

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.dns_zone import DnsZoneService
    from signoff.config.kinds.load_balancer import LoadBalancerService
    from signoff.config.kinds.prometheus import PrometheusService
    from signoff.config.kinds.redis import RedisService
    from signoff.config.kinds.tls import TlsService
    from signoff.probes.dns import Answer, NameServer, Question
    from signoff.probes.facts import ServerFacts
    from signoff.probes.haproxy import HaproxyFacts, ServerState
    from signoff.probes.host_metrics import HostCoverage, HostPeaks
    from signoff.probes.http import Session
    from signoff.probes.libraries import ProgramFact
    from signoff.probes.packages import PackageFact
    from signoff.probes.prometheus import Prometheus
    from signoff.probes.redis import RedisFacts
    from signoff.probes.tls import TlsFacts
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Server:
    """A host, what was ordered, and what is there."""

    name: str
    spec: Any
    facts: ServerFacts


@pytest.fixture
def server(target: BoundTarget, connect: Callable[[str], Any]) -> Server:
    """Return the current host's specification and facts."""
    from signoff import not_verified
    from signoff.probes.facts import read_facts

    spec = target.settings.spec
    if spec is None:
        not_verified(f"{target.name}: no specification; write signoff.spec for it in hosts.yaml")
    return Server(name=target.name, spec=spec, facts=read_facts(connect(target.name), mounts=spec.mounts))


@pytest.fixture
def packages(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[PackageFact, ...]:
    """Return what is installed of the packages that the current host needs."""
    from signoff import not_verified
    from signoff.probes.packages import read_packages

    wanted = target.settings.packages
    if not wanted:
        not_verified(f"{target.name}: no packages named; write signoff.packages for it in hosts.yaml")
    return read_packages(connect(target.name), {one.name: one.min_version for one in wanted})


@pytest.fixture
def programs(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[ProgramFact, ...]:
    """Return the programs of the current host whose shared libraries matter."""
    from signoff import not_verified
    from signoff.probes.libraries import read_programs

    if not target.settings.libraries:
        not_verified(f"{target.name}: no programs named; write signoff.libraries for it in hosts.yaml")
    return read_programs(connect(target.name), target.settings.libraries)


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """What Prometheus knows of the current host."""

    settings: PrometheusService
    api: Prometheus
    host: str

    def coverage(self) -> HostCoverage:
        """Return the host's targets and metrics."""
        from signoff.probes.host_metrics import read_coverage

        wanted = self.settings
        return read_coverage(
            self.api, job=wanted.host_job, label=wanted.host_label, host=self.host, metrics=wanted.host_metrics
        )

    def peaks(self, window: timedelta) -> HostPeaks:
        """Return the host's busiest time within the window."""
        from signoff.probes.host_metrics import read_peaks

        return read_peaks(self.api, label=self.settings.host_label, host=self.host, window=window)


@pytest.fixture
def monitoring(target: BoundTarget, inventory: Inventory) -> Iterator[Monitoring]:
    """Return the inventory's Prometheus, about the current host."""
    from signoff import not_verified
    from signoff.probes.prometheus import open_prometheus

    found = inventory.services_of("prometheus")
    if not found:
        not_verified("no service of kind prometheus in services.yaml; add one, then hosts can be looked up in it")
    settings: Any = next(iter(found.values()))
    password = settings.password.get_secret_value() if settings.password else ""
    with open_prometheus(settings.url, user=settings.user, password=password, ca_file=settings.ca_file or None) as api:
        yield Monitoring(settings=settings, api=api, host=target.settings.metrics_instance or target.name)


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A Redis-compatible server."""

    name: str
    settings: RedisService
    facts: RedisFacts


@pytest.fixture
def cache(target: BoundTarget) -> Cache:
    """Return the current cache's facts: one INFO."""
    from signoff.probes.redis import read_redis

    settings: RedisService = target.settings
    facts = read_redis(
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        tls=settings.tls,
        ca_file=settings.ca_file or None,
    )
    return Cache(name=target.name, settings=settings, facts=facts)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A TLS endpoint on each of its addresses."""

    name: str
    settings: TlsService
    addresses: tuple[TlsFacts, ...]


@pytest.fixture
def endpoint(target: BoundTarget) -> Endpoint:
    """Return what each address of the current endpoint presents."""
    from signoff.probes.tls import read_tls, resolve

    settings: TlsService = target.settings
    facts = tuple(
        read_tls(address, settings.port, server_name=settings.name, ca_file=settings.ca_file or None)
        for address in settings.addresses or resolve(settings.host, settings.port)
    )
    return Endpoint(name=target.name, settings=settings, addresses=facts)


@pytest.fixture
def browser_answer(endpoint: Endpoint) -> Response | None:
    """Return the endpoint's answer to one GET of /; None if the inventory says that it speaks no HTTP."""
    from signoff import not_verified
    from signoff.probes.http import Session

    settings = endpoint.settings
    if not settings.http:
        return None
    if any(one.trust_error for one in endpoint.addresses):
        not_verified(f"{endpoint.name}: browsers ignore headers of an untrusted server; mend its certificate first")
    with Session(origins=[settings.url], ca_file=settings.ca_file or None) as session:
        return session.get(settings.url, allow_redirects=False)


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A DNS zone and whom to ask about it."""

    name: str
    settings: DnsZoneService

    def expected(self) -> dict[Question, frozenset[str]]:
        """Return the values that the inventory wants, in the form of answers."""
        from signoff.probes.dns import Question, normal

        return {
            Question(name=one.name, type=one.type): frozenset(normal(value, one.type) for value in one.values)
            for one in self.settings.records
        }

    def ask(self, questions: Iterable[Question], *, resolvers: bool = False) -> tuple[Answer, ...]:
        """Return the answers of every authoritative server, or of every resolver."""
        from signoff.probes.dns import ask

        servers = _name_servers(self.settings.resolvers if resolvers else self.settings.servers)
        return ask(servers, tuple(questions), recursive=resolvers)

    def ask_about_itself(self, record_type: str) -> dict[str, frozenset[str]]:
        """Return the records of the zone's own name, by server."""
        from signoff.probes.dns import Question

        answers = self.ask([Question(name=self.settings.zone, type=record_type)])
        return {answer.server: answer.values for answer in answers}


def _name_servers(servers: Any) -> list[NameServer]:
    from signoff.probes.dns import NameServer

    return [NameServer(name=one.name, address=one.address or one.name, port=one.port) for one in servers]


@pytest.fixture
def zone(target: BoundTarget) -> Zone:
    """Return the current DNS zone."""
    return Zone(name=target.name, settings=target.settings)


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer: its statistics, and a way to its public side."""

    name: str
    settings: LoadBalancerService
    facts: HaproxyFacts
    session: Session

    def servers(self, pool: str) -> tuple[ServerState, ...]:
        """Return the pool's servers; none if there is no such pool."""
        backend = self.facts.backends.get(pool)
        return backend.servers if backend else ()

    def who_answers(self) -> str:
        """Ask once through the load balancer; return the server that answers, or "" if it does not say."""
        spread = self.settings.spread
        answer = self.session.get(spread.url)
        if spread.header:
            return answer.headers.get(spread.header, "")
        try:
            return str(answer.json().get(spread.json_field, ""))
        except (ValueError, AttributeError):
            return ""


@pytest.fixture
def load_balancer(target: BoundTarget) -> Iterator[LoadBalancer]:
    """Return the current load balancer with one reading of its statistics."""
    from signoff.probes.haproxy import read_haproxy
    from signoff.probes.http import Session

    settings: LoadBalancerService = target.settings
    origins = [settings.stats_url, settings.http_url, settings.spread.url]
    with Session(origins=origins, ca_file=settings.ca_file or None, budget=60) as session:
        credentials = (settings.user, settings.password.get_secret_value() if settings.password else "")
        facts = read_haproxy(session, settings.stats_url, auth=credentials if settings.user else None)
        yield LoadBalancer(name=target.name, settings=settings, facts=facts, session=session)
