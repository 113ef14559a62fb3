"""BAK-DR-4 of a cluster that Patroni manages: a contract fake that keeps its state, read by the probe and by the check.

Contract: https://patroni.readthedocs.io/en/latest/rest_api.html (`/cluster`, `/patroni`, `/health`), and the tags of
https://patroni.readthedocs.io/en/latest/yaml_configuration.html#tags
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.postgres.patroni import parse_cluster, read_cluster
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

Reply = tuple[int, dict[str, str], str]
CHECK = "cluster_manager_could_fail_over"
_RUNNING = {"running", "streaming"}


@dataclass
class Server:
    """One member, as it is."""

    written: int = 0
    """Bytes of WAL that it has."""
    timeline: int = 1
    state: str = "streaming"
    tags: dict[str, Any] = field(default_factory=dict)


class Patroni:
    """Three members, of which `db1` leads: each change is seen by every endpoint afterwards."""

    def __init__(self, **settings: Any) -> None:
        self.servers = {name: Server() for name in ("db1", "db2", "db3")}
        self.leader: str | None = None
        self.synchronous: tuple[str, ...] = ()
        self.settings = settings
        self.promote("db1")
        for server in self.servers.values():
            server.timeline = 1

    def promote(self, name: str) -> Patroni:
        """Give the lock to a member, which begins a timeline; the others follow from where they are."""
        if self.leader:
            self.servers[self.leader].state = "streaming"
        self.leader = name
        self.servers[name].state = "running"
        self.servers[name].timeline += 1
        return self

    def follow(self) -> Patroni:
        """Let everybody reach the leader's timeline and position."""
        leads = self.servers[self.leader or ""]
        for server in self.servers.values():
            server.timeline, server.written = leads.timeline, leads.written
        return self

    def write(self, count: int, *to: str) -> Patroni:
        """Write WAL on the leader, which reaches only those named."""
        for name in (self.leader or "", *to):
            self.servers[name].written += count
        return self

    def tag(self, name: str, **tags: Any) -> Patroni:
        """Tag a member."""
        self.servers[name].tags |= tags
        return self

    def stop(self, *names: str, state: str = "stopped") -> Patroni:
        """Stop PostgreSQL on members."""
        for name in names:
            self.servers[name].state = state
        return self

    def lose_the_lock(self) -> Patroni:
        """Let the leader's lock expire: it steps down, and nobody takes over."""
        self.servers[self.leader or ""].state, self.leader = "running", None
        return self

    def reply(self, request: Any) -> Reply:
        """Answer one GET, as the member `db1`."""
        own = self.servers["db1"]
        answers: dict[str, tuple[int, Any]] = {
            "/cluster": (200, self._cluster()),
            "/patroni": (200, self._own(own)),
            "/health": (200 if own.state in _RUNNING else 503, self._own(own)),
        }
        status, answer = answers.get(request.path, (404, {}))
        return status, {"Content-Type": "application/json"}, json.dumps(answer)

    def _cluster(self) -> dict[str, Any]:
        found: dict[str, Any] = {"members": [self._member(name) for name in self.servers], "scope": "shop"}
        # What does not hold is left out of the answer.
        return found | ({"pause": True} if self.settings.get("paused") else {})

    def _member(self, name: str) -> dict[str, Any]:
        server = self.servers[name]
        role = "leader" if name == self.leader else "sync_standby" if name in self.synchronous else "replica"
        shown = {"name": name, "role": role, "state": server.state, "host": f"{name}.test", "port": 5432}
        shown |= {"api_url": f"https://{name}.test:8008/patroni"}
        if server.tags:
            shown["tags"] = server.tags
        if server.state not in _RUNNING:
            return shown | ({} if role == "leader" else {"lag": "unknown"})
        shown["timeline"] = server.timeline
        if role == "leader":
            return shown
        newest = max(one.written for one in self.servers.values())
        return shown | {"lag": newest - server.written, "receive_lag": newest - server.written}

    def _own(self, server: Server) -> dict[str, Any]:
        found = {
            "state": "running" if server.state in _RUNNING else server.state,
            "role": "primary" if self.leader == "db1" else "replica",
            "timeline": server.timeline,
            "patroni": {"version": "4.1.0", "scope": "shop", "name": "db1"},
            "pause": bool(self.settings.get("paused")),
            "cluster_unlocked": self.leader is None,
            "failsafe_mode_is_active": bool(self.settings.get("failsafe")),
        }
        return {name: value for name, value in found.items() if value is not False}


def look(serve: Callable[..., Any], cluster: Patroni) -> Any:
    with serve(cluster.reply) as url, Session(origins=[url]) as session:
        return read_cluster(session, url)


def candidates(serve: Callable[..., Any], cluster: Patroni) -> list[str]:
    return [one.name for one in look(serve, cluster).candidates(1_000_000)]


def test_who_could_take_over_follows_what_happens(serve: Callable[..., Any]) -> None:
    cluster = Patroni()
    assert candidates(serve, cluster) == ["db2", "db3"]
    assert [one.name for one in look(serve, cluster).leaders] == ["db1"]

    cluster.write(99_000_000, "db2")
    assert candidates(serve, cluster) == ["db2"]
    cluster.promote("db2").write(1)
    assert candidates(serve, cluster) == []  # nobody is on its timeline yet
    cluster.follow().stop("db1")
    assert candidates(serve, cluster) == ["db3"]
    cluster.lose_the_lock()
    assert (look(serve, cluster).is_unlocked, candidates(serve, cluster)) == (True, [])


@pytest.mark.parametrize(
    ("tags", "may"),
    [
        ({}, True),
        ({"clonefrom": True}, True),
        ({"nofailover": True}, False),
        ({"failover_priority": 2}, True),
        ({"failover_priority": "2"}, True),
        ({"failover_priority": 0}, False),
        ({"failover_priority": "-1"}, False),
        ({"nofailover": True, "failover_priority": 3}, False),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_tags_take_members_out_of_the_race(serve: Callable[..., Any], tags: dict[str, Any], may: bool) -> None:
    assert candidates(serve, Patroni().tag("db2", **tags)) == (["db2", "db3"] if may else ["db3"])


def test_with_synchronous_standbys_nobody_else_is_elected(serve: Callable[..., Any]) -> None:
    cluster = Patroni()
    cluster.synchronous = ("db3",)
    assert candidates(serve, cluster) == ["db3"]
    assert candidates(serve, cluster.stop("db3")) == []


def test_what_is_no_cluster_of_patronis_is_no_verdict(serve: Callable[..., Any]) -> None:
    leader = {"name": "db1", "role": "leader", "state": "running", "timeline": 1}
    for text, words in (
        ('{"members": []}', "no member in it"),
        ('{"members": [{"name": "db1"}]}', r"members\[0\]\.role: expected a text"),
        (json.dumps({"members": [leader | {"tags": {"failover_priority": "high"}}]}), "expected a whole number"),
        ("<html>", "not a JSON document"),
    ):
        with pytest.raises(NotVerifiedError, match=words):
            parse_cluster(text)
    half = json.dumps({"members": [leader]})
    with pytest.raises(NotVerifiedError, match=r"Patroni's member: \$\.state: expected a text"):
        look(serve, _Elsewhere(200, half))
    for status, error in ((401, AuthenticationError), (404, NotVerifiedError), (503, NotVerifiedError)):
        with pytest.raises(error, match=str(status)):
            look(serve, _Elsewhere(status, ""))


class _Elsewhere(Patroni):
    """Something else that answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__()
        self.reply_ = (status, dict[str, str](), text)

    def reply(self, request: Any) -> Reply:  # noqa: ARG002 - the same for everybody
        return self.reply_


def test_health_follows_the_server_that_is_asked(serve: Callable[..., Any]) -> None:
    cluster = Patroni()
    with serve(cluster.reply) as url, Session(origins=[url]) as session:
        well = session.get(f"{url}/health").status_code
        cluster.stop("db1", state="crashed")
        unwell = session.get(f"{url}/health").status_code

    assert (well, unwell) == (200, 503)


def test_clusters_that_could_fail_over_and_that_could_not(
    environment: Any, states_of: Any, serve: Callable[..., Any]
) -> None:
    unsure = Patroni().tag("db2", failover_priority=0).tag("db3", nofailover=True)
    clusters: dict[str, tuple[Patroni, str, str]] = {
        "ready": (Patroni(), "PASS", ""),
        "after-a-failover": (Patroni().promote("db2").follow(), "PASS", ""),
        "paused": (Patroni(paused=True), "FAIL", "Patroni is paused"),
        "without-its-store": (Patroni(failsafe=True), "FAIL", "lost its store (failsafe mode)"),
        "unlocked": (Patroni().lose_the_lock(), "FAIL", "nobody holds the leader's lock"),
        "leader-down": (Patroni().stop("db1"), "FAIL", "0 leaders that run"),
        "behind": (Patroni().write(99_000_000), "FAIL", "0 could take over, 1 are needed"),
        "other-timeline": (Patroni().promote("db2"), "FAIL", "0 could take over"),
        "tagged": (unsure, "FAIL", "0 could take over"),
        "alone": (Patroni().stop("db2", "db3", state="start failed"), "FAIL", "0 could take over"),
        "elsewhere": (_Elsewhere(404, ""), "NOT_VERIFIED", "status 404; name the REST address of a member"),
        "closed": (_Elsewhere(401, ""), "ERROR", "status 401; give user and password"),
    }
    with ExitStack() as running:
        for name, (cluster, _, _) in clusters.items():
            url = running.enter_context(serve(cluster.reply))
            environment.services[name] = {"kind": "patroni", "url": url}
        environment.services["greedy"] = environment.services["ready"] | {"min_candidates": 3}
        environment.services["nobody"] = {"kind": "patroni", "url": "http://127.0.0.1:1"}

        states = environment.run("backup")

    wanted = {name: state for name, (_, state, _) in clusters.items()} | {"greedy": "FAIL", "nobody": "ERROR"}
    assert states_of(states, CHECK) == wanted
    for name, (_, _, words) in clusters.items():
        assert words in environment.reasons[f"{CHECK}[{name}]"]
