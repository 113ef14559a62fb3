"""What checks of blue and green talk about: who is well in each, which of them serves, and the last switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.blue_green import BlueGreenService
    from signoff.probes.cloud.documents import Documents
    from signoff.probes.front.balancer import Backend, BalancerFacts
    from signoff.probes.front.switch import Switch
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Both environments, as the load balancer sees them; None for one that it does not know."""

    name: str
    settings: BlueGreenService
    backends: dict[str, Backend | None]


@pytest.fixture
def open_cluster(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Callable[[str], Documents]:
    """Return a function that opens a Kubernetes cluster by the name of its cloud service."""
    from signoff import not_verified
    from signoff.probes.cloud.open import open_documents

    def open_(name: str) -> Documents:
        cloud: Any = inventory.service(name)
        if cloud.kind != "cloud" or cloud.provider != "kubernetes":
            not_verified(f"{name} is no cloud of provider kubernetes; name one")
        return open_documents(cloud, evaluated_at, workspace_path)

    return open_


@pytest.fixture
def colours(
    target: BoundTarget,
    inventory: Inventory,
    read_balancer: Callable[..., BalancerFacts],
    open_cluster: Callable[[str], Documents],
) -> Colours:
    """Return the two colours of the current pair."""
    from signoff.probes.front.kubernetes_switch import read_deployments

    settings: BlueGreenService = target.settings
    names = (settings.blue, settings.green)
    if settings.kubernetes:
        facts = read_deployments(open_cluster(settings.kubernetes.cloud), names)
    else:
        balancer: Any = inventory.service(settings.load_balancer)
        facts = read_balancer(balancer, names)
    return Colours(name=target.name, settings=settings, backends={name: facts.backends.get(name) for name in names})


@pytest.fixture
def switch(
    target: BoundTarget,
    inventory: Inventory,
    connect: Callable[[str], Any],
    open_cluster: Callable[[str], Documents],
    open_aws_account: Callable[[str], Any],
) -> Switch:
    """Return what decides which of the current pair gets the traffic."""
    from signoff import not_verified
    from signoff.probes.front import elbv2_switch, haproxy_switch, kubernetes_switch, nginx_switch

    settings: BlueGreenService = target.settings
    if not (settings.haproxy or settings.nginx or settings.kubernetes or settings.aws):
        not_verified(f"{target.name}: nobody says what switches; write haproxy, nginx, aws or kubernetes for it")
    if way := settings.haproxy:
        return haproxy_switch.read_switch(connect(way.host), way.socket, way.file, way.keys)
    if files := settings.nginx:
        return nginx_switch.read_switch(connect(files.host), files.config)
    if place := settings.kubernetes:
        return kubernetes_switch.read_switch(open_cluster(place.cloud), place.service)
    listener = settings.aws
    assert listener is not None
    cloud: Any = inventory.service(listener.cloud)
    with open_aws_account(listener.cloud) as session:
        names = (settings.blue, settings.green)
        return elbv2_switch.read_switch(session, listener.region or cloud.regions[0], listener.balancer, names)


@pytest.fixture
def switch_drill(target: BoundTarget, rehearsal_of: Callable[[str], Any], inventory: Inventory) -> Any:
    """Return the last rehearsal of a switch between the current pair, of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import require_release

    if not target.settings.drill:
        not_verified(f"{target.name}: no drill named; switch under load and write drill for it in services.yaml")
    drill = rehearsal_of(target.settings.drill)
    require_release(drill.name, drill.record.commit, inventory.policy.commit)
    return drill
