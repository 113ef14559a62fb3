"""NGINX Plus: the upstreams of its API. Open-source nginx has none; its stub_status counts connections, not servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from signoff.probes.web.http import Session

_WORDS = {"up": "UP", "draining": "DRAIN", "down": "MAINT", "unavail": "DOWN", "checking": "DOWN", "unhealthy": "DOWN"}


def read_nginx_plus(session: Session, api_url: str, *, auth: tuple[str, str] | None = None) -> BalancerFacts:
    """Return the facts by one GET; `api_url` ends in the API's version, such as `http://lb:8080/api/9`.

    Raises:
        AuthenticationError: the API wants credentials that we do not have.
        NotVerifiedError: there is no such API, or it knows no server.
    """
    url = f"{api_url.rstrip('/')}/http/upstreams"
    response = session.get(url, auth=auth)
    if response.status_code in {401, 403}:
        raise AuthenticationError(f"{url}: status {response.status_code}; give user and password in the inventory")
    if not response.ok:
        raise NotVerifiedError(
            f"{url}: status {response.status_code}; only NGINX Plus has this API, for other servers write `asked`"
        )
    return parse_upstreams(response.content)


def parse_upstreams(text: bytes) -> BalancerFacts:
    """Return the facts of the answer to `/http/upstreams`.

    Raises:
        NotVerifiedError: there is no server in it.
    """
    upstreams = Node.parse(text, kind="NGINX Plus upstreams").members()
    backends = {
        name: Backend(name=name, status="", servers=tuple(map(_server, upstream.at("peers").items())))
        for name, upstream in upstreams.items()
    }
    if not any(backend.servers for backend in backends.values()):
        raise NotVerifiedError("NGINX Plus: no server behind this load balancer; is it the right one?")
    return BalancerFacts(backends=backends)


def _server(peer: Node) -> ServerState:
    state = peer.at("state").text()
    checks = peer.at("health_checks") if "health_checks" in peer else None
    made = checks.at("checks").count() if checks else 0
    passed = bool(checks and "last_passed" in checks and checks.at("last_passed").flag())
    return ServerState(
        name=peer.at("name").text(),
        status=_WORDS.get(state, state),
        weight=peer.at("weight").count(),
        check=("L7OK" if passed else "L7STS") if made else "",
        stable_seconds=0,
    )
