"""What a Grafana dashboard asks: its panels, those in rows and in libraries too, with their variables filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.products.answers import entries, mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

_WITHOUT_QUERY = frozenset(
    {"row", "text", "dashlist", "news", "welcome", "gettingstarted", "pluginlist", "alertlist", "annolist"}
)
"""Types of panels that ask no data source."""
_INTERNAL = frozenset({"-- Grafana --", "grafana", "-- Dashboard --"})
"""Grafana's own sources: made-up data, or what another panel asked."""
_VARIABLE = re.compile(r"\$\{(\w+)(?:\.\w+)?(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$(\w+)")
_ALL = "$__all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Which data source a query goes to, as the dashboard names it; both empty: the default one."""

    type: str = ""
    uid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One query of a panel. `unknown` names variables whose value nobody knows: it cannot be asked then."""

    source: Source
    model: Mapping[str, Any]
    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One panel that shows data."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dashboard:
    """One dashboard as it is kept on the server."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


def read_dashboard(document: Any, *, library: Callable[[str], Any], window: timedelta) -> Dashboard:
    """Return the dashboard of an answer of `/api/dashboards/uid/<uid>`.

    Args:
        document: The member `dashboard` of the answer.
        library: Returns the model of a library panel by its uid.
        window: The range that the panels are asked for; it decides what `$__interval` is.

    Raises:
        NotVerifiedError: it is no dashboard.
    """
    data = mapping(document, "dashboard")
    values = _values(data, window)
    panels = [_panel(_model(panel, library), values) for panel in _all_panels(data)]
    return Dashboard(
        uid=str(data.get("uid", "")),
        title=str(data.get("title", "")),
        panels=tuple(panel for panel in panels if panel is not None),
    )


def _all_panels(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every panel: at the top, within rows, and within the rows of very old dashboards."""
    for panel in entries(data.get("panels", []), "panels"):
        yield panel
        yield from entries(panel.get("panels") or [], "panels of a row")
    for row in entries(data.get("rows") or [], "rows"):
        yield from entries(row.get("panels") or [], "panels of a row")


def _model(panel: Mapping[str, Any], library: Callable[[str], Any]) -> Mapping[str, Any]:
    reference = panel.get("libraryPanel")
    if not isinstance(reference, dict) or panel.get("targets"):
        return panel
    return {"title": panel.get("title", ""), **mapping(library(str(reference.get("uid", ""))), "library panel")}


def _panel(panel: Mapping[str, Any], values: Mapping[str, str]) -> Panel | None:
    if panel.get("type") in _WITHOUT_QUERY:
        return None
    own = _source(panel.get("datasource"), values)
    if own.uid in _INTERNAL or own.type == "grafana":
        return None
    targets = [target for target in entries(panel.get("targets") or [], "targets") if not target.get("hide")]
    return Panel(
        title=str(panel.get("title") or f"panel {panel.get('id', '?')}"),
        questions=tuple(_question(target, own, values) for target in targets),
    )


def _question(target: Mapping[str, Any], panel: Source, values: Mapping[str, str]) -> Question:
    unknown: set[str] = set()
    filled = _fill(target, values, unknown)
    source = _source(filled["datasource"], values) if filled.get("datasource") else panel
    if source.uid.startswith("$"):
        unknown.add(source.uid)
    return Question(source=source, model=filled, unknown=tuple(sorted(unknown)))


def _source(named: Any, values: Mapping[str, str]) -> Source:
    """Return the source of a panel or query: an object, or only its name in old dashboards."""
    if named is None or named == "default":
        return Source()
    if isinstance(named, str):
        return Source(uid=_replace(named, values, set()))
    reference = mapping(named, "datasource")
    return Source(type=str(reference.get("type") or ""), uid=_replace(str(reference.get("uid") or ""), values, set()))


def _fill(value: Any, values: Mapping[str, str], unknown: set[str]) -> Any:
    if isinstance(value, str):
        return _replace(value, values, unknown)
    if isinstance(value, dict):
        # A legend is only painted.
        return {
            key: each if key in {"legendFormat", "refId"} else _fill(each, values, unknown)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_fill(each, values, unknown) for each in value]
    return value


def _replace(text: str, values: Mapping[str, str], unknown: set[str]) -> str:
    def found(match: re.Match[str]) -> str:
        name = match[1] or match[3] or match[5]
        if name in values:
            return values[name]
        # Macros such as $__timeFilter are the data source's own, and digits are groups of a pattern.
        if not name.startswith("__") and not name.isdigit():
            unknown.add(f"${name}")
        return match[0]

    return _VARIABLE.sub(found, text)


def _values(data: Mapping[str, Any], window: timedelta) -> dict[str, str]:
    """Return the value of every variable that is known."""
    step = max(15, int(window.total_seconds()) // 100)
    values = {
        "__interval": f"{step}s",
        "__interval_ms": str(step * 1_000),
        "__rate_interval": f"{max(60, 4 * step)}s",
        "__range": f"{int(window.total_seconds())}s",
        "__range_s": str(int(window.total_seconds())),
        "__range_ms": str(int(window.total_seconds()) * 1_000),
    }
    templating = data.get("templating") or {}
    for variable in entries(mapping(templating, "templating").get("list") or [], "variables"):
        value = _value(variable)
        if value is not None:
            values[str(variable.get("name", ""))] = value
    return values


def _value(variable: Mapping[str, Any]) -> str | None:
    """Return what stands for the variable now; None if the dashboard does not keep it."""
    kind = variable.get("type")
    if kind == "constant":
        return str(variable.get("query", ""))
    current = variable.get("current") or {}
    chosen = current.get("value") if isinstance(current, dict) else None
    chosen = chosen if isinstance(chosen, list) else [chosen]
    if chosen == [_ALL]:
        if variable.get("allValue"):
            return str(variable["allValue"])
        options = entries(variable.get("options") or [], "options")
        kept = [str(option.get("value")) for option in options if option.get("value") not in {None, _ALL}]
        # Without options kept: what "all" is depends on the data, and a pattern for anything is no narrower.
        return _together(kept) if kept else ".+"
    known = [str(value) for value in chosen if value not in {None, ""}]
    if known:
        return _together(known)
    return str(variable["query"]) if kind == "textbox" and variable.get("query") else None


def _together(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def default_source(sources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the data source that is asked when none is named.

    Raises:
        NotVerifiedError: none of them is.
    """
    for source in sources:
        if source.get("isDefault"):
            return source
    raise NotVerifiedError("Grafana: a panel names no data source, and none is the default; name one")
