"""Which `limit_req` of nginx holds for a path: its location is found as nginx finds it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from signoff.probes.front.request_filter import answers, is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from signoff.probes.front.nginx_config import Directive

_RATE = re.compile(r"rate=(\d+)r/([sm])")
_ZONE = re.compile(r"zone=([^:\s]+)")
_SECONDS = {"s": 1.0, "m": 60.0}


def doors(root: Directive) -> list[tuple[str, Callable[[str], float | None]]]:
    """Return every server that others can reach, with the function from path to requests per second."""
    zones = dict(zone for http in root.each("http") for one in http.each("limit_req_zone") for zone in _zone(one))
    return [
        (f"server {' '.join(server.value('server_name') or ('without a name',))}", partial(_limit, zones, http, server))
        for http in root.each("http")
        for server in http.each("server")
        if is_public(server) and answers(server)
    ]


def _zone(directive: Directive) -> Iterator[tuple[str, float]]:
    text = " ".join(directive.arguments)
    name, rate = _ZONE.search(text), _RATE.search(text)
    if name and rate:
        yield name[1], int(rate[1]) / _SECONDS[rate[2]]


def _limit(zones: Mapping[str, float], http: Directive, server: Directive, path: str) -> float | None:
    levels = [http, server, *_locations(server, path)]
    # The innermost level that says anything about limits replaces what the outer ones said.
    telling = next((level for level in reversed(levels) if level.value("limit_req")), None)
    dry = next((said for level in reversed(levels) if (said := level.value("limit_req_dry_run"))), ("off",))
    if telling is None or dry[:1] == ("on",):
        return None
    named = (_ZONE.search(" ".join(one.arguments)) for one in telling.each("limit_req"))
    return min((zones[match[1]] for match in named if match and match[1] in zones), default=None)


def _locations(block: Directive, path: str) -> list[Directive]:
    """Return the location that answers the path, outermost first."""
    chosen = _chosen([one for one in block.each("location") if one.arguments], path)
    return [chosen, *_locations(chosen, path)] if chosen else []


def _chosen(locations: Sequence[Directive], path: str) -> Directive | None:
    prefixes: list[tuple[int, Directive]] = []
    for one in locations:
        modifier, pattern = _pattern(one)
        if modifier == "=" and path == pattern:
            return one
        if modifier in {"", "^~"} and path.startswith(pattern):
            prefixes.append((len(pattern), one))
    _, longest = max(prefixes, key=lambda found: found[0], default=(0, None))
    if longest is not None and _pattern(longest)[0] == "^~":
        return longest
    return next((one for one in locations if _matches(one, path)), longest)


def _pattern(location: Directive) -> tuple[str, str]:
    *modifier, pattern = location.arguments
    return (modifier[0] if modifier else ""), pattern


def _matches(location: Directive, path: str) -> bool:
    modifier, pattern = _pattern(location)
    if modifier not in {"~", "~*"}:
        return False
    try:
        return re.search(pattern, path, re.IGNORECASE if modifier == "~*" else 0) is not None
    except re.error:
        return False
