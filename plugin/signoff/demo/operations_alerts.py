"""Contract fakes of Alertmanager's API, version 2, and of the dead man's switch of healthchecks.io.

After https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml and https://healthchecks.io/docs/api/:
alerts come by POST, are routed by the configuration and passed on by webhook; silences are made, listed and expired.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from signoff.demo import operations
from signoff.probes.products.alert_routing import Matcher, read_routing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.demo.layout import Layout
    from signoff.demo.operations_answers import Answer

_REPEAT_SECONDS = 2.0


class Heartbeat:
    """One check that is up as long as somebody pings it."""

    def __init__(self, layout: Layout, lock: threading.Lock) -> None:
        self._layout = layout
        self._lock = lock

    def answer(self, method: str, path: str, _query: Mapping[str, list[str]], _auth: str, _body: bytes) -> Answer:
        """Answer one request."""
        file = operations.state(self._layout)
        if method == "POST" and path == "ping/watchdog":
            with self._lock:
                operations.write(file, {**operations.read(file), "last_ping": _text(datetime.now(UTC))})
            return 200, "OK"
        if method == "GET" and path == "api/v3/checks/watchdog":
            last = operations.read(file)["last_ping"]
            return 200, {"name": "watchdog", "status": "up" if last else "new", "last_ping": last, "grace": 60}
        return 404, {"error": "check not found"}


class AlertmanagerFake:
    """One Alertmanager: what it holds lives in memory, what it was told to silence in a file."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._held: dict[str, dict[str, Any]] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self.heartbeat = Heartbeat(layout, self._lock)

    def answer(self, method: str, path: str, _query: Mapping[str, list[str]], _auth: str, body: bytes) -> Answer:
        """Answer one request."""
        if method == "GET":
            return self._tell_of(path)
        if method == "POST" and path == "api/v2/alerts":
            self._take(json.loads(body))
            return 200, {}
        if method == "POST" and path == "api/v2/silences":
            return 200, {"silenceID": self._silence(json.loads(body))}
        if method == "DELETE" and path.startswith("api/v2/silence/"):
            return self._expire(path.rpartition("/")[2])
        return 405, {"message": "method not allowed"}

    def _tell_of(self, path: str) -> Answer:
        answers = {
            "api/v2/alerts": lambda: list(self._alerts()),
            "api/v2/status": lambda: {"config": {"original": self._configuration()}, "cluster": {"status": "disabled"}},
            "api/v2/silences": self._silences,
        }
        return (200, answers[path]()) if path in answers else (404, {"message": "path not found"})

    def _configuration(self) -> str:
        return operations.alertmanager(self._layout).read_text(encoding="utf-8")

    def _take(self, alerts: list[dict[str, Any]]) -> None:
        now = _text(datetime.now(UTC))
        with self._lock:
            for alert in alerts:
                key = json.dumps(alert["labels"], sort_keys=True)
                self._held[key] = {
                    "fingerprint": uuid.uuid5(uuid.NAMESPACE_OID, key).hex[:16],
                    **alert,
                    "updatedAt": now,
                }
        threading.Thread(target=self._tell, daemon=True).start()

    def _alerts(self) -> Iterator[dict[str, Any]]:
        """Yield what has not ended, with its receivers and whether it is silenced."""
        now, routing = datetime.now(UTC), read_routing(self._configuration())
        active = [one for one in self._silences() if one["status"]["state"] == "active"]
        with self._lock:
            held = list(self._held.values())
        for alert in held:
            if datetime.fromisoformat(alert["endsAt"]) <= now:
                continue
            by = [
                one["id"] for one in active if all(_matcher(each).accepts(alert["labels"]) for each in one["matchers"])
            ]
            state = {"state": "suppressed" if by else "active", "silencedBy": by, "inhibitedBy": []}
            receivers = [{"name": name} for name in routing.receivers(alert["labels"])]
            yield {**alert, "receivers": receivers, "status": state}

    def _tell(self) -> None:
        """Pass on what is active, by the webhooks of its receivers."""
        urls = {
            receiver["name"]: [each["url"] for each in receiver.get("webhook_configs", ())]
            for receiver in yaml.safe_load(self._configuration())["receivers"]
        }
        for alert in self._alerts():
            for receiver in alert["receivers"] if alert["status"]["state"] == "active" else ():
                for url in urls.get(receiver["name"], ()):
                    self._post(url, alert)

    def _post(self, url: str, alert: Mapping[str, Any]) -> None:
        key = (url, alert["fingerprint"])
        if time.monotonic() - self._told.get(key, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return
        self._told[key] = time.monotonic()
        body = json.dumps({"version": "4", "status": "firing", "alerts": [alert]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - configured
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - configured
        except OSError:
            return  # as Alertmanager does: it tries again with the next repetition

    def _silences(self) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        kept = operations.read(operations.state(self._layout))["silences"]
        return [{**one, "id": number, "status": {"state": _state(one, now)}} for number, one in kept.items()]

    def _silence(self, silence: dict[str, Any]) -> str:
        number = str(uuid.uuid4())
        self._change(lambda kept: kept.update({number: {**silence, "updatedAt": _text(datetime.now(UTC))}}))
        return number

    def _expire(self, number: str) -> Answer:
        end = _text(datetime.now(UTC) - timedelta(seconds=1))
        if number not in operations.read(operations.state(self._layout))["silences"]:
            return 404, {"message": "silence not found"}
        self._change(lambda kept: kept[number].update(endsAt=end))
        return 200, {}

    def _change(self, edit: Any) -> None:
        file = operations.state(self._layout)
        with self._lock:
            state = operations.read(file)
            edit(state["silences"])
            operations.write(file, state)


def _matcher(entry: Mapping[str, Any]) -> Matcher:
    operator = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    kind = operator[entry.get("isEqual", True), entry.get("isRegex", False)]
    return Matcher(name=entry["name"], operator=kind, value=entry["value"])


def _state(silence: Mapping[str, Any], now: datetime) -> str:
    if datetime.fromisoformat(silence["endsAt"]) <= now:
        return "expired"
    return "active" if datetime.fromisoformat(silence["startsAt"]) <= now else "pending"


def _text(at: datetime) -> str:
    return at.isoformat()
