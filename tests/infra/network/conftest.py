"""What checks of the network talk about: certificates, name servers and load balancers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from requests import Response

    from signoff.config.kinds.dns_zone import DnsZoneService
    from signoff.config.kinds.load_balancer import LoadBalancerService
    from signoff.config.kinds.tls import TlsService
    from signoff.probes.front.balancer import BalancerFacts, ServerState
    from signoff.probes.network.dns import Answer, NameServer, Question
    from signoff.probes.network.dnssec import SignatureFacts
    from signoff.probes.network.tls import TlsFacts
    from signoff.probes.web.http import Session
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A TLS endpoint on each of its addresses."""

    name: str
    settings: TlsService
    addresses: tuple[TlsFacts, ...]


@pytest.fixture
def endpoint(target: BoundTarget) -> Endpoint:
    """Return what each address of the current endpoint presents."""
    from signoff.probes.network.tls import read_tls, resolve

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
    from signoff.probes.web.http import Session

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
        from signoff.probes.network.dns import Question, normal

        return {
            Question(name=one.name, type=one.type): frozenset(normal(value, one.type) for value in one.values)
            for one in self.settings.records
        }

    def ask(self, questions: Iterable[Question], *, resolvers: bool = False) -> tuple[Answer, ...]:
        """Return the answers of every authoritative server, or of every resolver."""
        from signoff.probes.network.dns import ask

        servers = _name_servers(self.settings.resolvers if resolvers else self.settings.servers)
        return ask(servers, tuple(questions), recursive=resolvers)

    def ask_about_itself(self, record_type: str) -> dict[str, frozenset[str]]:
        """Return the records of the zone's own name, by server."""
        from signoff.probes.network.dns import Question

        answers = self.ask([Question(name=self.settings.zone, type=record_type)])
        return {answer.server: answer.values for answer in answers}

    def addresses(self, name: str) -> dict[str, frozenset[str]]:
        """Return what a name comes to: on our own servers if it is of the zone, else on the resolvers."""
        from signoff import not_verified
        from signoff.probes.network.dns import addresses

        inside = f".{name}".rstrip(".").lower().endswith(f".{self.settings.zone}".lower())
        if not inside and not self.settings.resolvers:
            not_verified(f"{self.name}: {name} is in another zone; name resolvers, so that it can be looked up")
        servers = self.settings.servers if inside else self.settings.resolvers
        return addresses(_name_servers(servers), name, recursive=not inside)

    def targets(self) -> dict[str, dict[str, frozenset[str]]]:
        """Return the names that records point to, each with its addresses by server."""
        pointing = {"CNAME", "MX", "NS", "SRV"}
        values = [value for question, found in self.expected().items() if question.type in pointing for value in found]
        names = {value.split()[-1].rstrip(".") for value in values} | {one.name for one in self.settings.servers}
        # A lone dot says on purpose that there is nothing, as in a null MX.
        return {name: self.addresses(name) for name in sorted(names) if name}

    def mail_mistakes(self) -> dict[str, list[str]]:
        """Return what is wrong with SPF and DMARC, by server."""
        from signoff.probes.network.dns import Question
        from signoff.probes.network.mail_records import dmarc_mistake, spf_mistake

        dmarc = Question(name=f"_dmarc.{self.settings.zone}", type="TXT")
        answers = self.ask([Question(name=self.settings.zone, type="TXT"), dmarc])
        mistakes: dict[str, list[str]] = {}
        for answer in answers:
            policies = self.settings.dmarc_policies
            found = dmarc_mistake(answer.values, policies) if answer.question == dmarc else spf_mistake(answer.values)
            mistakes.setdefault(answer.server, []).extend(filter(None, [found]))
        return mistakes

    def signatures(self, now: datetime) -> tuple[SignatureFacts, ...]:
        """Return the facts of every server's signatures, over the chain from the parent's DS records."""
        from signoff.probes.network.dns import Question
        from signoff.probes.network.dnssec import read_dnssec

        questions = [*self.expected(), Question(name=self.settings.zone, type="SOA")]
        return read_dnssec(
            _name_servers(self.settings.servers), self.settings.zone, questions, ds=self.parent_ds(), now=now
        )

    def parent_ds(self) -> tuple[str, ...]:
        """Return the DS records that the inventory or else a resolver knows; none: the parent vouches for nothing."""
        from signoff.probes.network.dnssec import read_ds

        if self.settings.ds or not self.settings.resolvers:
            return self.settings.ds
        return read_ds(_name_servers(self.settings.resolvers), self.settings.zone)


def _name_servers(servers: Any) -> list[NameServer]:
    from signoff.probes.network.dns import NameServer

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
    facts: BalancerFacts
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
def balancer_facts(target: BoundTarget, read_balancer: Callable[..., BalancerFacts]) -> BalancerFacts:
    """Return one reading of the current load balancer, from whatever tells about it."""
    return read_balancer(target.settings)


@pytest.fixture
def load_balancer(target: BoundTarget, balancer_facts: BalancerFacts) -> Iterator[LoadBalancer]:
    """Return the current load balancer with one reading of its state."""
    from signoff.probes.web.http import Session

    settings: LoadBalancerService = target.settings
    with Session(
        origins=[settings.http_url, settings.spread.url], ca_file=settings.ca_file or None, budget=60
    ) as session:
        yield LoadBalancer(name=target.name, settings=settings, facts=balancer_facts, session=session)
