"""Servers behind a load balancer that tells nothing about them: each is asked for its health, past the balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import CouldNotCheckError, UnreachableError
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.web.http import Session

_OK, _SILENT = range(200, 300), "L4CON"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Whom to ask what."""

    pool: str
    server: str
    url: str


def ask_servers(session: Session, questions: Sequence[Question]) -> BalancerFacts:
    """Return the facts by one GET to each server; one that cannot be asked is down, as it would be for a balancer.

    Raises:
        UnreachableError: none can be asked: where the checks run is no place to judge them from.
    """
    pools: dict[str, list[ServerState]] = {}
    for question in questions:
        pools.setdefault(question.pool, []).append(_ask(session, question))
    if all(one.check == _SILENT for servers in pools.values() for one in servers):
        raise UnreachableError(
            f"none of the {len(questions)} servers answers here; let them be asked from this machine"
        )
    backends = {name: Backend(name=name, status="", servers=tuple(servers)) for name, servers in pools.items()}
    return BalancerFacts(backends=backends, checks_itself=False)


def _ask(session: Session, question: Question) -> ServerState:
    try:
        status = session.get(question.url, allow_redirects=False).status_code
        well = status in _OK
        check = "L7OK" if well else "L7STS"
    except CouldNotCheckError:
        well, check = False, _SILENT
    return ServerState(name=question.server, status="UP" if well else "DOWN", weight=1, check=check, stable_seconds=0)
