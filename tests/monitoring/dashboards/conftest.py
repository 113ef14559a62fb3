"""What dashboard checks talk about: a Grafana server, and the dashboards that must be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.kinds.grafana import GrafanaService
    from signoff.probes.products.grafana import Grafana
    from signoff.probes.products.grafana_dashboard import Dashboard
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Dashboards:
    """A Grafana server and its required dashboards; None for one that it does not have."""

    name: str
    settings: GrafanaService
    api: Grafana
    found: dict[str, Dashboard | None]

    @property
    def there(self) -> tuple[Dashboard, ...]:
        """Return those that exist."""
        return tuple(one for one in self.found.values() if one is not None)


@pytest.fixture
def dashboards(target: BoundTarget) -> Iterator[Dashboards]:
    """Return the current Grafana server and what it has of the required dashboards."""
    from signoff.probes.products.grafana import open_grafana

    settings: GrafanaService = target.settings
    with open_grafana(settings.url, token=settings.token.get_secret_value(), ca_file=settings.ca_file or None) as api:
        found = {uid: api.dashboard(uid, settings.window) for uid in settings.dashboards}
        yield Dashboards(name=target.name, settings=settings, api=api, found=found)


@pytest.fixture
def answers_strangers(target: BoundTarget) -> Callable[[], bool]:
    """Return a function that asks the current Grafana server without credentials whether it answers."""
    from signoff.probes.products.grafana import answers_strangers as ask

    return lambda: ask(target.settings.url, ca_file=target.settings.ca_file or None)
