"""A stand-in for Sentry: takes events, remembers what became of each, and tells it in the shape of Sentry's API.

Run as `python -m signoff.demo.errortracking_server DIR [ADDRESS]`. A contract fake: it is held to the published API
(https://docs.sentry.io/api/), not to Sentry's code: paths, authentication, status codes and the fields that checks
read. Like the real one, `/_health/` says that the web process answers and nothing about events getting through.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from signoff.demo import errortracking_settings as errortracking
from signoff.demo.errortracking_stats import Outcome, StatsError, duration, summarize
from signoff.demo.layout import Layout, load

Answer = tuple[int, Any]
_API = f"/api/0/projects/{errortracking.ORGANIZATION}/{errortracking.PROJECT}"
_MAX_EVENT_BYTES = 1_000_000


class Tracker:
    """The state: every event's outcome, on disk too, so that a restart forgets nothing."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file = errortracking.outcomes_file(layout)
        self._lock = threading.Lock()
        self._recent: deque[datetime] = deque()
        self.outcomes = self._read()

    def take(self, client_key: str) -> str:
        """Decide what becomes of an event: `accepted`, `rate_limited` or `invalid`."""
        project = errortracking.read_project(self._layout)
        now = datetime.now(UTC)
        with self._lock:
            outcome = self._decide(project, client_key, now)
            self.outcomes.append(Outcome(at=now, outcome=outcome))
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"at": now.isoformat(), "outcome": outcome}) + "\n")
        return outcome

    def statistics(self, query: dict[str, list[str]]) -> Any:
        """Return the organization's event counts."""
        kept = errortracking.retention(self._layout)
        with self._lock:
            return summarize(self.outcomes, query, now=datetime.now(UTC), retention=kept)

    def events(self, query: dict[str, list[str]]) -> Any:
        """Return the events that can still be read, oldest first or newest first."""
        known = {"timestamp", "-timestamp"}
        if (
            query.get("dataset") != ["errors"]
            or query.get("field") != ["timestamp"]
            or query.get("sort", [""])[0] not in known
        ):
            raise StatsError("this stand-in tells the time of errors only, sorted by it")
        kept = min(errortracking.retention(self._layout), duration(query.get("statsPeriod", ["90d"])[0]))
        first = datetime.now(UTC) - kept
        with self._lock:
            times = [event.at for event in self.outcomes if event.outcome == "accepted" and event.at >= first]
        times.sort(reverse=query["sort"][0].startswith("-"))
        count = int(query.get("per_page", ["50"])[0])
        rows = [{"timestamp": at.isoformat()} for at in times[:count]]
        return {"data": rows, "meta": {"fields": {"timestamp": "date"}, "dataset": "errors"}}

    def project(self) -> Any:
        """Return the project's details."""
        return {
            "id": str(errortracking.PROJECT_ID),
            "slug": errortracking.PROJECT,
            "name": "Shop",
            "platform": "python",
            "status": errortracking.read_project(self._layout).status,
            "dateCreated": errortracking.CREATED,
            "firstEvent": self.outcomes[0].at.isoformat() if self.outcomes else None,
            "organization": {"id": "1", "slug": errortracking.ORGANIZATION, "name": "Demo"},
        }

    def rules(self) -> Any:
        """Return the project's alert rules."""
        return errortracking.read_rules(self._layout)

    def _decide(self, project: errortracking.Project, client_key: str, now: datetime) -> str:
        if client_key != project.client_key:
            return "invalid"
        while self._recent and now - self._recent[0] > timedelta(seconds=project.limit_seconds):
            self._recent.popleft()
        if len(self._recent) >= project.limit_events:
            return "rate_limited"
        self._recent.append(now)
        return "accepted"

    def _read(self) -> list[Outcome]:
        if not self._file.exists():
            return []
        lines = map(json.loads, self._file.read_text(encoding="utf-8").splitlines())
        return [Outcome(at=datetime.fromisoformat(line["at"]), outcome=line["outcome"]) for line in lines]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server_version = "error-tracking"
    sys_version = ""
    tracker: Tracker
    token: str

    def do_GET(self) -> None:
        """Answer the health check and the API."""
        path = urlsplit(self.path)
        if path.path == "/_health/":
            self._send(200, "ok")
        elif not path.path.startswith("/api/0/"):
            self._send(404, {"detail": "The requested resource does not exist"})
        elif (refusal := self._refusal()) is not None:
            self._send(401, {"detail": refusal})
        else:
            self._send(*self._api(path.path, parse_qs(path.query)))

    def do_POST(self) -> None:
        """Take an event: Sentry's store and envelope endpoints."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MAX_EVENT_BYTES))
        endpoint = urlsplit(self.path).path
        if endpoint not in {f"/api/{errortracking.PROJECT_ID}/{name}/" for name in ("store", "envelope")}:
            self._send(404, {"detail": "The requested resource does not exist"})
            return
        fields = dict(part.strip().partition("=")[::2] for part in self._authentication().split(","))
        match self.tracker.take(fields.get("sentry_key", "")):
            case "accepted":
                self._send(200, {"id": _event_id(body)})
            case "rate_limited":
                self._send(429, {"detail": "event submission rejected due to rate limit"}, {"Retry-After": "60"})
            case _:
                self._send(401, {"detail": "bad sentry DSN public key"})

    def log_message(self, *_: object) -> None:
        """Print nothing: the outcomes are the log."""

    def _authentication(self) -> str:
        return str(self.headers.get("X-Sentry-Auth", "")).removeprefix("Sentry ")

    def _refusal(self) -> str | None:
        scheme, _, token = str(self.headers.get("Authorization", "")).partition(" ")
        if scheme.lower() != "bearer":
            return "Authentication credentials were not provided."
        return None if token == self.token else "Invalid token"

    def _api(self, path: str, query: dict[str, list[str]]) -> Answer:
        organization = f"/api/0/organizations/{errortracking.ORGANIZATION}"
        told = {f"{organization}/stats_v2/": self.tracker.statistics, f"{organization}/events/": self.tracker.events}
        if path in told:
            try:
                return 200, told[path](query)
            except StatsError as error:
                return 400, {"detail": str(error)}
        if path == f"{_API}/":
            return 200, self.tracker.project()
        if path == f"{_API}/rules/":
            return 200, self.tracker.rules()
        return 404, {"detail": "The requested resource does not exist"}

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        is_text = isinstance(content, str)
        body = content.encode() if is_text else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _event_id(body: bytes) -> str:
    try:
        # An envelope's first line is its header; a stored event is one JSON object.
        return str(json.loads(body.partition(b"\n")[0])["event_id"])
    except (ValueError, KeyError, TypeError):
        return uuid.uuid4().hex


def main(layout: Layout, address: str = "127.0.0.1") -> None:
    """Serve until stopped."""
    state = load(layout)
    handler = type("BoundHandler", (Handler,), {"tracker": Tracker(layout), "token": state.passwords["sentry_token"]})
    ThreadingHTTPServer((address, state.ports["sentry"]), handler).serve_forever()


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])), *sys.argv[2:])
