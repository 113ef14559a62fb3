"""Sends what fires to the Alertmanagers that `prometheus.yml` names, as Prometheus does."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from signoff.demo.prometheus_rules import alerts_to_api, instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signoff.demo.prometheus_rules import Rule

_EVERY = 2.0
"""Seconds between two sendings; an alert that is not sent again ends after `_LASTS` seconds."""
_LASTS = 60.0


class Notifier:
    """Everybody who is told of alerts."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.urls = tuple(
            f"http://{address}{manager.get('path_prefix', '')}/api/v2/alerts"
            for manager in configuration.get("alerting", {}).get("alertmanagers", ())
            for group in manager["static_configs"]
            for address in group["targets"]
        )
        self._sent = 0.0

    def is_due(self) -> bool:
        """Return whether it is time to send again."""
        return bool(self.urls) and time.monotonic() - self._sent >= _EVERY

    def send(self, rules: Iterable[Rule]) -> None:
        """Send every firing alert to each of them; one that does not answer is tried again the next time."""
        self._sent = time.monotonic()
        firing = [one for one in alerts_to_api(rules) if one["state"] == "firing"]
        ends = instant(time.time() + _LASTS)
        body = json.dumps(
            [
                {
                    "labels": one["labels"],
                    "annotations": one["annotations"],
                    "startsAt": one["activeAt"],
                    "endsAt": ends,
                }
                for one in firing
            ]
        ).encode()
        for url in self.urls if firing else ():
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - configured
            try:
                urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - configured
            except OSError:
                continue
