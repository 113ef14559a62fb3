"""nginx's switch between two upstreams: where proxy_pass leads, directly or over a variable, as its files say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.front.nginx_config import Directive, load
from signoff.probes.front.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARGET = re.compile(r"https?://(?P<name>\$?\{?\w[\w.-]*\}?)")
_WHOLE = 100.0


def read_switch(host: Any, config: str) -> Switch:
    """Return where the traffic goes, among all upstreams that are defined.

    Args:
        host: A connected testinfra host.
        config: nginx's main file.

    Raises:
        NotVerifiedError: the files cannot be read, or nothing in them passes requests on.
    """
    return find_switch(load(host, config))


def find_switch(config: Directive) -> Switch:
    """Return the same for a configuration that was read; see `read_switch`."""
    every = list(_every(config))
    upstreams = {one.arguments[0] for one in every if one.name == "upstream" and one.arguments}
    shares: dict[str, float] = {}
    places = []
    for one in every:
        match = _TARGET.match(one.arguments[0]) if one.name == "proxy_pass" and one.arguments else None
        if match is None:
            continue
        for name, share, place in _resolved(match["name"], one, every):
            if name in upstreams:
                shares[name] = max(share, shares.get(name, 0.0))
                places.append(place)
    if not shares:
        raise NotVerifiedError(f"{config.file}: no proxy_pass leads to an upstream; name its main file")
    return Switch(where=", ".join(dict.fromkeys(places)), shares=shares, known=frozenset(upstreams))


def _resolved(name: str, passed: Directive, every: list[Directive]) -> Iterator[tuple[str, float, str]]:
    """Yield each destination of a proxy_pass with its share, and where that is written."""
    variable = name.strip("${}")
    if not name.startswith("$"):
        yield name, 1.0, passed.place
        return
    for one in every:
        if one.name == "set" and one.arguments[0].strip("${}") == variable:
            yield one.arguments[1], 1.0, one.place
        elif one.name in {"map", "split_clients"} and one.arguments[-1].strip("${}") == variable:
            for entry in one.block:
                if entry.arguments:
                    yield entry.arguments[0], _share(one.name, entry), entry.place


def _share(kind: str, entry: Directive) -> float:
    if kind == "map":
        # Only the default is for everybody; an entry is for those who ask for it, such as testers with a cookie.
        return 1.0 if entry.name == "default" else 0.0
    share = entry.name.removesuffix("%")
    return float(share) / _WHOLE if share.replace(".", "", 1).isdigit() else 1.0


def _every(directive: Directive) -> Iterator[Directive]:
    for one in directive.block:
        yield one
        yield from _every(one)
