"""What Elasticsearch with Kibana and OpenSearch tell in ways of their own: retention, alert rules, saved searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from signoff.errors import NotVerifiedError
from signoff.probes.logs.durations import parse
from signoff.probes.logs.model import Keeping, LogAlert
from signoff.probes.products.answers import get_json, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.probes.web.http import Session

_PAGE = 100
_MAX_PAGES = 50
_RIGHT = "to read policies, rules and saved objects"


class Rules(Protocol):
    """The part of a product that its relatives do in another way."""

    def keeping(self, index: str) -> tuple[Keeping, ...]:
        """Return how long each index is kept."""

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the rules over log lines."""

    def views(self) -> frozenset[str]:
        """Return the titles of saved searches."""


class KibanaRules:
    """Elasticsearch's life cycles, and Kibana's rules and saved searches."""

    def __init__(self, session: Session, url: str, kibana: str, space: str = "") -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._kibana = _with_space(kibana, space)

    def keeping(self, index: str) -> tuple[Keeping, ...]:
        """Return each index's life: its data stream's retention, or its ILM policy's delete phase."""
        streams = {
            one["name"]: one.get("lifecycle", {}).get("effective_retention")
            or one.get("lifecycle", {}).get("data_retention")
            for one in self._streams(index)
        }
        found = mapping(self._ask(f"{quote(index, safe=',*')}/_ilm/explain"), "_ilm/explain")
        policies: dict[str, Keeping] = {}
        for name, one in mapping(found.get("indices"), "_ilm/explain").items():
            owner = next((stream for stream in streams if f"-{stream}-" in name), "")
            if one.get("managed"):
                policy = str(one.get("policy"))
                policies.setdefault(policy, self._policy(policy))
            elif owner:
                text = streams[owner]
                source = "data stream lifecycle" if text else "data stream without retention"
                policies[owner] = Keeping(what=owner, keeps=parse(text) if text else None, source=source)
            else:
                policies[name] = Keeping(what=name, keeps=None, source="no ILM policy")
        return _some(policies, index)

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return Kibana's rules: who is told is the connectors of their actions."""
        return tuple(
            LogAlert(
                name=str(rule.get("name")),
                is_active=bool(rule.get("enabled")) and not rule.get("mute_all"),
                receivers=tuple(
                    str(one.get("connector_type_id") or one.get("id")) for one in rule.get("actions") or ()
                ),
                problem=_kibana_problem(rule),
            )
            for rule in _pages(self._session, f"{self._kibana}/api/alerting/rules/_find", "data")
        )

    def views(self) -> frozenset[str]:
        """Return the titles of the searches that somebody saved."""
        return _saved_searches(self._session, self._kibana)

    def _streams(self, index: str) -> list[Any]:
        found = mapping(self._ask(f"_data_stream/{quote(index, safe=',*')}"), "_data_stream").get("data_streams")
        return list(found or ())

    def _policy(self, name: str) -> Keeping:
        found = mapping(self._ask(f"_ilm/policy/{quote(name)}"), "_ilm/policy")
        phases = mapping(found.get(name, {}), name).get("policy", {}).get("phases", {})
        delete = phases.get("delete")
        keeps = parse(str(delete.get("min_age", "0ms"))) if delete and "delete" in delete.get("actions", {}) else None
        return Keeping(what=f"policy {name}", keeps=keeps, source="ILM delete phase")

    def _ask(self, path: str) -> Any:
        return get_json(self._session, f"{self._url}/{path}", needs=_RIGHT)


class OpenSearchRules:
    """OpenSearch's index state management and alerting monitors, and the saved searches of its Dashboards."""

    def __init__(self, session: Session, url: str, dashboards: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._dashboards = dashboards.rstrip("/")

    def keeping(self, index: str) -> tuple[Keeping, ...]:
        """Return the age at which each index's policy deletes it."""
        found = mapping(self._ask(f"_plugins/_ism/explain/{quote(index, safe=',*')}"), "_ism/explain")
        policies: dict[str, Keeping] = {}
        for name, one in found.items():
            if not isinstance(one, dict):
                continue  # the number of managed indices
            policy = one.get("policy_id") or one.get("index.plugins.index_state_management.policy_id")
            if policy is None:
                policies[name] = Keeping(what=name, keeps=None, source="no ISM policy")
            else:
                policies.setdefault(str(policy), self._policy(str(policy)))
        return _some(policies, index)

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the monitors: who is told is the destinations of their triggers' actions."""
        found = mapping(self._ask("_plugins/_alerting/monitors/_search", {"size": str(_PAGE * _MAX_PAGES)}), "monitors")
        hits = mapping(found.get("hits"), "monitors").get("hits") or ()
        monitors = [hit["_source"].get("monitor", hit["_source"]) for hit in hits]
        return tuple(
            LogAlert(
                name=str(monitor.get("name")),
                is_active=bool(monitor.get("enabled")),
                receivers=tuple(
                    str(action.get("destination_id"))
                    for trigger in monitor.get("triggers") or ()
                    # A trigger's kind wraps it: query_level_trigger, bucket_level_trigger, document_level_trigger.
                    for action in (trigger if "actions" in trigger else next(iter(trigger.values()))).get("actions", ())
                    if action.get("destination_id")
                ),
            )
            for monitor in monitors
        )

    def views(self) -> frozenset[str]:
        """Return the titles of the searches that somebody saved."""
        return _saved_searches(self._session, self._dashboards)

    def _policy(self, name: str) -> Keeping:
        policy = mapping(self._ask(f"_plugins/_ism/policies/{quote(name)}"), "_ism/policies").get("policy", {})
        states = {state["name"]: state for state in policy.get("states", ())}
        deleting = {key for key, state in states.items() if any("delete" in one for one in state.get("actions", ()))}
        ages = [
            parse(str(step.get("conditions", {}).get("min_index_age", "0ms")))
            for state in states.values()
            for step in state.get("transitions", ())
            if step.get("state_name") in deleting
        ]
        return Keeping(what=f"policy {name}", keeps=min(ages, default=None), source="ISM delete state")

    def _ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return get_json(self._session, f"{self._url}/{path}", params, needs=_RIGHT)


def _saved_searches(session: Session, url: str) -> frozenset[str]:
    if not url:
        raise NotVerifiedError("nobody says where saved searches are; write `store.kibana`")
    objects = _pages(session, f"{url}/api/saved_objects/_find", "saved_objects", {"type": "search"})
    return frozenset(str(one.get("attributes", {}).get("title")) for one in objects)


def _pages(
    session: Session, url: str, key: str, params: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, Any]]:
    """Yield all entries of all pages.

    Raises:
        NotVerifiedError: there is no URL, or the pages end before the total.
    """
    if not url.startswith("http"):
        raise NotVerifiedError("nobody says where the alert rules are; write `store.kibana`")
    seen = 0
    for page in range(1, _MAX_PAGES + 1):
        found = mapping(
            get_json(session, url, {**(params or {}), "per_page": str(_PAGE), "page": str(page)}, needs=_RIGHT), url
        )
        entries, total = found.get(key), found.get("total")
        if not isinstance(entries, list) or not isinstance(total, int):
            raise NotVerifiedError(f"{url}: no {key} or no total; which version is this?")
        yield from entries
        seen += len(entries)
        if seen >= total:
            return
        if not entries:
            break
    raise NotVerifiedError(f"{url}: the pages end before the total; ask again")


def _some(policies: Mapping[str, Keeping], index: str) -> tuple[Keeping, ...]:
    if not policies:
        raise NotVerifiedError(f"no index of that name: {index}; correct it in the inventory")
    return tuple(policies.values())


def _kibana_problem(rule: Mapping[str, Any]) -> str:
    status = rule.get("execution_status") or {}
    return (
        str((status.get("error") or {}).get("message", "its last run failed"))
        if status.get("status") == "error"
        else ""
    )


def _with_space(kibana: str, space: str) -> str:
    return kibana.rstrip("/") + (f"/s/{quote(space)}" if space else "")
