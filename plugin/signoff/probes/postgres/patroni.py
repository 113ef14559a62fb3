"""What Patroni's REST API says of the cluster that it manages: who leads, who could, and whether it may act.

Contract: `GET /cluster` of https://patroni.readthedocs.io/en/latest/rest_api.html#cluster-status-endpoints
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from signoff.probes.web.http import Session

_LEADING = frozenset({"leader", "master", "standby_leader"})
_WELL = frozenset({"running", "streaming"})
_KIND = "Patroni's cluster"
_NO_FAILOVER = ("nofailover", "noFailover")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One server as Patroni sees it."""

    name: str
    role: str
    state: str
    timeline: int | None
    lag_bytes: int | None
    """None: Patroni does not know it."""
    may_lead: bool
    """Whether it is not tagged `nofailover`."""

    @property
    def leads(self) -> bool:
        """Whether it is the one that takes writes."""
        return self.role in _LEADING


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """One cluster at one moment."""

    name: str
    paused: bool
    """Patroni fails over to nobody while it is paused."""
    members: tuple[Member, ...]

    @property
    def leaders(self) -> tuple[Member, ...]:
        """Members that lead and run."""
        return tuple(one for one in self.members if one.leads and one.state in _WELL)

    def candidates(self, max_bytes: int) -> tuple[Member, ...]:
        """Return who could take over now: it follows, on the leader's timeline, and lacks no more than `max_bytes`."""
        timelines = {one.timeline for one in self.leaders}
        return tuple(
            one
            for one in self.members
            if not one.leads
            and one.state in _WELL
            and one.may_lead
            and one.timeline in timelines
            and one.lag_bytes is not None
            and one.lag_bytes <= max_bytes
        )


def read_cluster(session: Session, url: str, *, auth: tuple[str, str] | None = None) -> Cluster:
    """Return the cluster by one GET; `url` is any member's REST address.

    Raises:
        AuthenticationError: the API wants credentials that we do not have.
        NotVerifiedError: there is no such API, or the cluster has no member.
        UnreachableError, TimedOutError: as the session says.
    """
    where = f"{url.rstrip('/')}/cluster"
    response = session.get(where, auth=auth)
    if response.status_code in {401, 403}:
        raise AuthenticationError(f"{where}: status {response.status_code}; give user and password in the inventory")
    if not response.ok:
        raise NotVerifiedError(f"{where}: status {response.status_code}; name the REST address of a member")
    return parse_cluster(response.content)


def parse_cluster(text: bytes | str) -> Cluster:
    """Return the cluster in the answer; see `read_cluster` for errors."""
    found = Node.parse(text, kind=_KIND)
    members = tuple(map(_member, found.at("members").items()))
    if not members:
        raise NotVerifiedError(f"{_KIND}: no member in it; is it the right cluster?")
    return Cluster(
        name=found.at("scope").text(""),
        paused="pause" in found and found.at("pause").flag(),
        members=members,
    )


def _member(node: Node) -> Member:
    tags = node.at("tags") if "tags" in node else node.empty()
    lag = node.at("lag")
    return Member(
        name=node.at("name").text(),
        role=node.at("role").text(),
        state=node.at("state").text(),
        timeline=node.at("timeline").count() if "timeline" in node else None,
        # The word `unknown` stands for a lag that nobody could measure.
        lag_bytes=lag.count() if isinstance(lag.value, int) else None,
        may_lead=not any(name in tags and tags.at(name).value for name in _NO_FAILOVER),
    )
