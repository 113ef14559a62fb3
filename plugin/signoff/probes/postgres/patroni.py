"""What Patroni's REST API says of the cluster that it manages: who leads, who could, and whether it may act.

Contract: `GET /cluster` and `GET /patroni` of https://patroni.readthedocs.io/en/latest/rest_api.html, and the tags of
https://patroni.readthedocs.io/en/latest/yaml_configuration.html#tags
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from signoff.probes.web.http import Session

_LEADING = frozenset({"leader", "master", "standby_leader"})
_WELL = frozenset({"running", "streaming"})
_SYNCHRONOUS = frozenset({"sync_standby", "quorum_standby"})
_KIND, _OWN_KIND = "Patroni's cluster", "Patroni's member"
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
    """Whether its tags let it: neither `nofailover`, nor a `failover_priority` of 0 or less."""

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
    is_unlocked: bool = False
    """Nobody holds the leader's lock, as the asked member sees it."""
    is_failsafe: bool = False
    """The member has lost the store that elections need, and only keeps the present leader alive."""

    @property
    def leaders(self) -> tuple[Member, ...]:
        """Members that lead and run."""
        return tuple(one for one in self.members if one.leads and one.state in _WELL)

    def candidates(self, max_bytes: int) -> tuple[Member, ...]:
        """Return who could take over now: it follows, on the leader's timeline, and lacks no more than `max_bytes`.

        Where there are synchronous standbys, Patroni elects none but these.
        """
        timelines = {one.timeline for one in self.leaders}
        synchronous = [one for one in self.members if one.role in _SYNCHRONOUS]
        return tuple(
            one
            for one in synchronous or self.members
            if not one.leads
            and one.state in _WELL
            and one.may_lead
            and one.timeline in timelines
            and one.lag_bytes is not None
            and one.lag_bytes <= max_bytes
        )


def read_cluster(session: Session, url: str, *, auth: tuple[str, str] | None = None) -> Cluster:
    """Return the cluster by two GETs; `url` is any member's REST address.

    Raises:
        AuthenticationError: the API wants credentials that we do not have.
        NotVerifiedError: there is no such API, or the cluster has no member.
        UnreachableError, TimedOutError: as the session says.
    """
    cluster = parse_cluster(_get(session, f"{url.rstrip('/')}/cluster", auth))
    own = Node.parse(_get(session, f"{url.rstrip('/')}/patroni", auth), kind=_OWN_KIND)
    own.at("state").text()  # without it this is no member of Patroni's
    return replace(
        cluster,
        paused=cluster.paused or _flag(own, "pause"),
        is_unlocked=_flag(own, "cluster_unlocked"),
        is_failsafe=_flag(own, "failsafe_mode_is_active"),
    )


def _get(session: Session, where: str, auth: tuple[str, str] | None) -> bytes:
    response = session.get(where, auth=auth)
    if response.status_code in {401, 403}:
        raise AuthenticationError(f"{where}: status {response.status_code}; give user and password in the inventory")
    if not response.ok:
        raise NotVerifiedError(f"{where}: status {response.status_code}; name the REST address of a member")
    return bytes(response.content)


def _flag(node: Node, name: str) -> bool:
    """Return whether a word that Patroni leaves out when it does not hold is there and true."""
    return name in node and node.at(name).flag()


def parse_cluster(text: bytes | str) -> Cluster:
    """Return the cluster in the answer; see `read_cluster` for errors."""
    found = Node.parse(text, kind=_KIND)
    members = tuple(map(_member, found.at("members").items()))
    if not members:
        raise NotVerifiedError(f"{_KIND}: no member in it; is it the right cluster?")
    return Cluster(
        name=found.at("scope").text(""),
        paused=_flag(found, "pause"),
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
        may_lead=_may_lead(tags),
    )


def _may_lead(tags: Node) -> bool:
    if any(name in tags and tags.at(name).value for name in _NO_FAILOVER):
        return False
    if "failover_priority" not in tags:
        return True
    try:
        # Numbers may be written as texts in a configuration, and are passed on as they are.
        return int(tags.at("failover_priority").value) > 0
    except (TypeError, ValueError):
        raise tags.at("failover_priority").wrong("a whole number") from None
