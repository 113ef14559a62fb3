"""Every way into an nginx and what its request filter does there; and whether the filter's log knows of a request."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.front import nginx_config
from signoff.probes.front.modsecurity import RuleSet, parse_rules, read_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.probes.front.nginx_config import Directive

_FOUND, _NOT_FOUND = 0, 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance:
    """One server, or a location with settings of its own, that answers more than a redirection."""

    place: str
    path: str
    """Of the location; `/` for a server."""
    is_on: bool
    rules: RuleSet


def entrances(host: Any, config: str) -> tuple[Entrance, ...]:
    """Return every entrance that is not bound to the loopback alone.

    Args:
        host: A testinfra host.
        config: nginx's main file.

    Raises:
        NotVerifiedError: a file cannot be read or understood, or there is no such server.
    """
    walk = _Walk(host=host, known={})
    found = tuple(walk.entrances(nginx_config.load(host, config)))
    if not found:
        raise NotVerifiedError(f"{config}: no server that answers others; name the configuration of the front door")
    return found


def is_logged(host: Any, log: str, mark: str, *, sudo: bool = False, wait: float = 5.0) -> bool:
    """Return whether the mark comes up in the log, a file or a folder, within `wait` seconds.

    Raises:
        NotVerifiedError: the log cannot be read.
    """
    as_root = "sudo -n " if sudo else ""
    deadline = time.monotonic() + wait
    while True:
        status = host.run_expect([_FOUND, _NOT_FOUND], f"{as_root}/usr/bin/grep -rqF -- %s %s", mark, log).rc
        if status == _FOUND or time.monotonic() >= deadline:
            return bool(status == _FOUND)
        time.sleep(0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Walk:
    host: Any
    known: dict[str, RuleSet]
    """By path: several servers usually share one file."""

    def entrances(self, root: Directive) -> Iterator[Entrance]:
        for http in root.each("http"):
            above = self.told(http, RuleSet())
            for server in http.each("server"):
                if is_public(server):
                    name = " ".join(server.value("server_name") or ("without a name",))
                    yield from self.below(server, f"server {name}", "/", _switch(http, is_on=False), above)

    def below(  # noqa: PLR0913, PLR0917 - what is inherited from above
        self, block: Directive, name: str, path: str, is_on: bool, above: RuleSet, own: bool = True
    ) -> Iterator[Entrance]:
        if not answers(block):
            return
        here, rules = _switch(block, is_on=is_on), self.told(block, above)
        locations = [(one.arguments[-1] if one.arguments else "/", one) for one in block.each("location")]
        # What `location /` sends away never comes to the server itself, only to its other locations.
        split = any(inner == "/" and not answers(one) for inner, one in locations)
        if (own and not split) or here != is_on or rules != above:
            yield Entrance(place=f"{name} ({block.place})", path=path, is_on=here, rules=rules)
        for inner, location in locations:
            yield from self.below(location, f"{name} {inner}", inner, here, rules, split)

    def told(self, block: Directive, above: RuleSet) -> RuleSet:
        rules = above
        for one in block.block:
            if one.name == "modsecurity_rules_file" and one.arguments:
                rules = rules.then(self._read(one))
            elif one.name == "modsecurity_rules" and one.arguments:
                rules = rules.then(parse_rules(one.arguments[0], place=one.place))
        return rules

    def _read(self, directive: Directive) -> RuleSet:
        path = directive.arguments[0]
        if not path.startswith("/"):
            # The module opens it from wherever nginx was started, which is not written anywhere.
            raise NotVerifiedError(f"{directive.place}: {path} is no absolute path; write it as one")
        if path not in self.known:
            self.known[path] = read_rules(self.host, path)
        return self.known[path]


def _switch(block: Directive, *, is_on: bool) -> bool:
    said = block.value("modsecurity")
    return said[:1] == ("on",) if said else is_on


def answers(block: Directive) -> bool:
    """Return whether it does more than send everybody elsewhere, or away."""
    away = (block.value("deny") == ("all",), block.value("ssl_reject_handshake") == ("on",))
    return block.value("return") is None and not any(away)


def is_public(server: Directive) -> bool:
    """Return whether the server listens on anything but the loopback."""
    listens = [one.arguments[0] for one in server.each("listen") if one.arguments]
    return not listens or not all(map(_is_local, listens))


def _is_local(address: str) -> bool:
    if address.startswith(("unix:", "localhost")):
        return True
    text = address[1:].partition("]")[0] if address.startswith("[") else address.rpartition(":")[0] or address
    check: Callable[[str], Any] = ipaddress.ip_address
    try:
        return bool(check(text).is_loopback)
    except ValueError:
        return False
