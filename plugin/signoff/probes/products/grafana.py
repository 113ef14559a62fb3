"""Grafana's HTTP API: health, data sources, dashboards, and what each panel's query returns.

Prometheus and Loki are asked by GET through Grafana's proxy of data sources; everything else by Grafana's own query
endpoint, the one POST that is let out: it runs what the dashboard itself runs whenever somebody looks at it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.probes.products.answers import entries, get_json, json_of, mapping
from signoff.probes.products.grafana_dashboard import default_source, read_dashboard
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from signoff.probes.products.grafana_dashboard import Dashboard, Question

_NEEDS = "the token of a service account with the role Viewer"
_RANGES = {"prometheus": "api/v1/query_range", "loki": "loki/api/v1/query_range"}
_POINTS = 100
_BUDGET = 1_000
_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSource:
    """One data source as the server says that it is."""

    uid: str
    name: str
    type: str
    health: str
    """`OK`, what is wrong, or empty if this type cannot say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one panel shows."""

    dashboard: str
    panel: str
    series: int
    cannot_ask: str
    """Why it could not be asked; empty: it was."""
    error: str
    """What the data source refused; empty: nothing."""

    def __str__(self) -> str:
        """Return `dashboard/panel`."""
        return f"{self.dashboard}/{self.panel}"


@contextmanager
def open_grafana(url: str, *, token: str, ca_file: str | None = None) -> Iterator[Grafana]:
    """Give the server at the URL; the connection ends with the block."""
    base = url.rstrip("/")
    headers = {"Authorization": f"Bearer {token}"}
    with Session(
        origins=[base], ca_file=ca_file, headers=headers, budget=_BUDGET, login_urls=[f"{base}/api/ds/query"]
    ) as session:
        yield Grafana(session, base)


def answers_strangers(url: str, *, ca_file: str | None = None) -> bool:
    """Return whether the server answers somebody without any credentials; no password is ever tried.

    Raises:
        UnreachableError, TimedOutError, AuthenticationError: see `Session`.
        NotVerifiedError: neither an answer nor a refusal.
    """
    with Session(origins=[url], ca_file=ca_file, budget=2) as session:
        asked = f"{url.rstrip('/')}/api/search"
        answer = session.get(asked, params={"limit": 1}, allow_redirects=False)
    status = answer.status_code
    if status in {401, 403} or 300 <= status < 400:  # noqa: PLR2004 - to the page for signing in
        return False
    if status != 200:  # noqa: PLR2004 - OK
        raise NotVerifiedError(f"{asked}: status {status}; check the URL in the inventory")
    entries(json_of(answer, asked, needs=_NEEDS), asked)  # a page that says "back soon" is none of Grafana's answers
    return True


class Grafana:
    """One server, read through a guarded session.

    Raises (every method):
        AuthenticationError: the token is refused.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: an answer that is none of Grafana's.
    """

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url
        self._sources: list[Mapping[str, Any]] | None = None

    def health(self) -> str:
        """Return the state of its own database: `ok`, or what is wrong."""
        return str(mapping(self._get("health"), "health").get("database", ""))

    def dashboard(self, uid: str, window: timedelta) -> Dashboard | None:
        """Return the dashboard; None if there is none of that uid."""
        response = self._session.get(f"{self._url}/api/dashboards/uid/{uid}")
        if response.status_code == _NOT_FOUND:
            return None
        answer = mapping(json_of(response, f"{self._url}/api/dashboards/uid/{uid}", needs=_NEEDS), "dashboard")
        return read_dashboard(answer.get("dashboard"), library=self._library, window=window)

    def sources(self, dashboards: tuple[Dashboard, ...]) -> tuple[DataSource, ...]:
        """Return every data source that the dashboards ask, with its health."""
        asked = [question for board in dashboards for panel in board.panels for question in panel.questions]
        found = {str(one["uid"]): one for question in asked if (one := self._source(question)) is not None}
        return tuple(self._health(one) for _, one in sorted(found.items()))

    def shown(self, dashboard: Dashboard, *, now: datetime, window: timedelta) -> tuple[Shown, ...]:
        """Return what each panel of the dashboard shows."""
        found = []
        for panel in dashboard.panels:
            series, blind, error = 0, "", "" if panel.questions else "it asks nothing"
            for question in panel.questions:
                try:
                    series += self._ask(question, now, window)
                except _RefusedError as refusal:
                    error = str(refusal)
                except (NotVerifiedError, CouldNotCheckError) as reason:
                    blind = str(reason)
            found.append(
                Shown(dashboard=dashboard.uid, panel=panel.title, series=series, cannot_ask=blind, error=error)
            )
        return tuple(found)

    def _ask(self, question: Question, now: datetime, window: timedelta) -> int:
        if question.unknown:
            raise NotVerifiedError(f"no value for {', '.join(question.unknown)}; save the dashboard with one")
        source = self._source(question)
        if source is None:
            raise _RefusedError(f"there is no data source {question.source.uid or question.source.type}")
        kind, uid = str(source.get("type", "")), str(source["uid"])
        if kind in _RANGES:
            return self._range(kind, uid, question, now, window)
        return self._query(kind, uid, question, now, window)

    def _range(self, kind: str, uid: str, question: Question, now: datetime, window: timedelta) -> int:
        expression = str(question.model.get("expr", ""))
        if not expression:
            raise _RefusedError("its query is empty")
        unit = 1_000_000_000 if kind == "loki" else 1
        params = {
            "query": expression,
            "start": str(int((now - window).timestamp()) * unit),
            "end": str(int(now.timestamp()) * unit),
            "step": str(max(1, int(window.total_seconds()) // _POINTS)),
        }
        url = f"{self._url}/api/datasources/proxy/uid/{uid}/{_RANGES[kind]}"
        response = self._session.get(url, params=params)
        if response.status_code == 400:  # noqa: PLR2004 - the data source's own: it cannot read the query
            raise _RefusedError(f"its query is refused: {response.text[:100].strip()}")
        data = mapping(mapping(json_of(response, url, needs=_NEEDS), "answer").get("data"), "answer")
        return sum(bool(one.get("values")) for one in entries(data.get("result"), "result"))

    def _query(self, kind: str, uid: str, question: Question, now: datetime, window: timedelta) -> int:
        query = {**question.model, "datasource": {"type": kind, "uid": uid}, "maxDataPoints": _POINTS}
        name = str(query.setdefault("refId", "A"))
        query.setdefault("intervalMs", int(window.total_seconds() * 1_000) // _POINTS)
        body = {
            "queries": [query],
            "from": str(int((now - window).timestamp() * 1_000)),
            "to": str(int(now.timestamp() * 1_000)),
        }
        url = f"{self._url}/api/ds/query"
        response = self._session.post(url, json=body)
        if response.status_code == 400:  # noqa: PLR2004 - the data source's own
            raise _RefusedError(f"its query is refused: {response.text[:100].strip()}")
        answer = mapping(mapping(json_of(response, url, needs=_NEEDS), "answer").get("results"), "results")
        result = mapping(answer.get(name), f"result {name}")
        if result.get("error"):
            raise _RefusedError(f"its query is refused: {str(result['error'])[:100]}")
        frames = [mapping(frame.get("data"), "frame") for frame in entries(result.get("frames"), "frames")]
        return sum(any(column for column in frame.get("values") or ()) for frame in frames)

    def _source(self, question: Question) -> Mapping[str, Any] | None:
        if self._sources is None:
            self._sources = entries(self._get("datasources"), "data sources")
        wanted = question.source
        if not wanted.uid and not wanted.type:
            return default_source(self._sources)
        if not wanted.uid:
            of_type = [one for one in self._sources if one.get("type") == wanted.type]
            return next((one for one in of_type if one.get("isDefault")), of_type[0] if of_type else None)
        # Old dashboards name a data source where later ones give its uid.
        return next((one for one in self._sources if wanted.uid in {one.get("uid"), one.get("name")}), None)

    def _health(self, source: Mapping[str, Any]) -> DataSource:
        uid = str(source["uid"])
        url = f"{self._url}/api/datasources/uid/{uid}/health"
        response = self._session.get(url)
        told = response.json() if response.headers.get("Content-Type", "").startswith("application/json") else {}
        state = str(told.get("status", "")) if isinstance(told, dict) else ""
        if response.status_code in {401, 403}:
            json_of(response, url, needs=_NEEDS)
        if response.ok:
            health = state
        elif state:
            health = f"{state}: {told.get('message', '')}".strip(": ")
        else:
            health = "" if response.status_code == _NOT_FOUND else f"status {response.status_code}"
        return DataSource(uid=uid, name=str(source.get("name", "")), type=str(source.get("type", "")), health=health)

    def _library(self, uid: str) -> Any:
        answer = mapping(self._get(f"library-elements/{uid}"), "library panel")
        return mapping(answer.get("result"), "library panel").get("model")

    def _get(self, path: str) -> Any:
        return get_json(self._session, f"{self._url}/api/{path}", needs=_NEEDS)


class _RefusedError(Exception):
    """The data source was asked and refused: the panel shows an error to everybody."""
