"""What checks of edges between services talk about: connections from where the callers are, and deep readiness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.dependency import DependencyService
    from signoff.importers.trace_graph import TraceGraph
    from signoff.probes.hosts.reachability import Reach
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A service that others call, tried from each of them."""

    name: str
    settings: DependencyService
    attempts: tuple[Reach, ...]


@pytest.fixture
def edge(target: BoundTarget, connect: Callable[[str], Any]) -> Edge:
    """Return the attempts to reach the current dependency from every host that calls it."""
    settings: DependencyService = target.settings
    attempts = tuple(_reach(connect(name), name, settings) for name in settings.sources)
    return Edge(name=target.name, settings=settings, attempts=attempts)


def _reach(host: Any, source: str, settings: DependencyService) -> Reach:
    from signoff.probes.hosts import encrypted_reach, reachability

    if settings.tls is None:
        return reachability.reach(host, source, settings.host, settings.port)
    return encrypted_reach.reach(host, source, settings.host, settings.port, **settings.tls.model_dump())


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What the instances of an application say of what they need."""

    states: dict[str, str]
    """`instance: dependency` to its state, of every dependency in the inventory."""
    refusing: tuple[str, ...]
    """Instances that do not answer with status 200 although they find nothing wrong, or the other way round."""
    unlisted: tuple[str, ...]
    """Dependencies that the application reports and the inventory does not know."""


@pytest.fixture
def readiness(target: BoundTarget, inventory: Inventory) -> Readiness:
    """Return what each instance of the current application says of each of its dependencies."""
    from signoff import not_verified
    from signoff.probes.web.http import Session
    from signoff.probes.web.readiness import read

    edges: Any = inventory.services_of("dependency").values()
    reports = [edge.readiness for edge in edges if edge.readiness and edge.readiness.web == target.name]
    instances = target.settings.instances
    if not instances or not reports:
        not_verified(f"{target.name}: no instance, or no dependency with readiness, in services.yaml; add them")
    states: dict[str, str] = {}
    refusing, unlisted = [], set()
    with Session(origins=[one.url for one in instances], ca_file=target.settings.ca_file or None) as web:
        for instance in instances:
            for path in dict.fromkeys(one.path for one in reports):
                answer = read(web, instance.url, path)
                keys = [one.key for one in reports if one.path == path]
                states |= {f"{instance.name}: {key}": answer.dependencies.get(key, "not reported") for key in keys}
                unlisted |= answer.dependencies.keys() - set(keys)
                is_well = set(answer.dependencies.values()) == {"ok"}
                if is_well != (answer.status == 200):
                    refusing.append(f"{instance.name} (status {answer.status})")
    return Readiness(states=states, refusing=tuple(refusing), unlisted=tuple(sorted(unlisted)))


@pytest.fixture
def traced(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> TraceGraph:
    """Return the current graph of calls, if it is about this release and recent."""
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.provenance import read as read_note
    from signoff.importers.trace_graph import read

    settings = target.settings
    text = read_file(workspace_path(settings.path))
    note = read_note(read_file(workspace_path(settings.provenance)), report=text)
    require_release(f"{target.name}: the graph", note.commit, inventory.policy.commit)
    require_recent(f"{target.name}: the graph", note.created, evaluated_at, settings.max_age)
    return read(text)
