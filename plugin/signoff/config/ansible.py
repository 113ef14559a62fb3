"""Read an Ansible YAML inventory: groups, children, variables and ranges, as Ansible reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signoff.config.canonical import digest
from signoff.config.hosts import Host, HostSettings
from signoff.config.validation import validate
from signoff.config.yamlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.yamlfile import Document, Path_

_RANGE = re.compile(r"\[(?P<first>[A-Za-z0-9]+):(?P<last>[A-Za-z0-9]+)(?::(?P<step>[0-9]+))?\]")
_GROUP_KEYS = {"hosts", "children", "vars"}
MAX_PORT = 65_535
MAX_RANGE = 10_000
"""Hosts that one range may stand for; more is a typing error."""


@dataclass(slots=True)
class _Group:
    name: str
    parents: set[str] = field(default_factory=set)
    variables: dict[str, Any] = field(default_factory=dict)
    settings: list[Path_] = field(default_factory=list)
    """Where the file gives this group `signoff:`."""


@dataclass(slots=True)
class _Reading:
    """What is known while the file is read."""

    document: Any
    groups: dict[str, _Group] = field(default_factory=lambda: {"all": _Group("all")})
    members: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Host to group to the variables that stand beside it there."""
    places: dict[str, list[Path_]] = field(default_factory=dict)
    """Host to every place where it stands."""


def read_hosts(document: Document, raw: Any) -> dict[str, Host]:
    """Return the hosts by name, in the file's order; mistakes are noted in the document.

    `raw` is the same file without `${NAME}` replaced: digests are taken over it, so that a changed password or
    port of a disposable environment is no changed definition.
    """
    if document.data is None:
        return {}
    reading = _read(document, document.data)
    _refuse_cycles(reading)
    written = _read(_Silent(), raw if isinstance(raw, dict) else {})
    hosts: dict[str, Host] = {}
    for name, by_group in reading.members.items():
        order = _group_order(reading.groups, by_group)
        variables = _merge(reading.groups, order, by_group)
        _check_port(document, reading.places[name], variables.get("ansible_port"))
        place = _locator(document, reading, name, order)
        settings = validate(document, variables.pop("signoff", None) or {}, HostSettings, place=place)
        own = written.members.get(name, {})
        plain = _merge(written.groups, _group_order(written.groups, own), own)
        if settings is not None:
            hosts[name] = Host(name=name, groups=order, variables=variables, settings=settings, sha256=digest(plain))
    return hosts


def _read(document: Any, data: Any) -> _Reading:
    reading = _Reading(document)
    for name, body in _mapping(document, data, ()).items():
        _read_group(reading, (name,), body, ())
    return reading


def _locator(document: Document, reading: _Reading, host: str, order: tuple[str, ...]) -> Callable[[Path_], Path_]:
    """Return where a part of the host's merged settings stands: with the host, else with its innermost group."""
    own = [(*place, "signoff") for place in reading.places[host]]
    inherited = [place for name in reversed(order) for place in reading.groups[name].settings]

    def place(inner: Path_) -> Path_:
        for length in range(len(inner), 0, -1):  # what is missing has no place: its nearest parent has one
            for base in (*own, *inherited):
                if document.knows((*base, *inner[:length])):
                    return (*base, *inner)
        return (*own[0], *inner)

    return place


def _check_port(document: Document, places: list[Path_], port: object) -> None:
    if port is not None and not (str(port).isascii() and str(port).isdigit() and 0 < int(str(port)) <= MAX_PORT):
        document.add((*places[0], "ansible_port"), "not a port", "write a number from 1 to 65535")


def _refuse_cycles(reading: _Reading) -> None:
    """Note groups that contain themselves by way of others; the direct way is noted where it stands."""
    for name in reading.groups:
        above, queue = set[str](), list(reading.groups[name].parents)
        while queue:
            parent = queue.pop()
            if parent not in above:
                above.add(parent)
                queue += reading.groups[parent].parents
        if name in above:
            reading.document.add((name,), f"group {name!r} contains itself", "remove it from its children's children")


class _Silent:
    """Stands in for a document when the same file is read a second time: its mistakes are already noted."""

    def add(self, path: Path_, message: str, hint: str = "") -> None:
        """Note nothing."""


def _mapping(document: Any, data: Any, path: Path_) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        document.add(path, "must be a mapping", "write name: on a line of its own, and its keys indented below")
        return {}
    return data


def _read_group(reading: _Reading, path: Path_, body: Any, outer: tuple[str, ...]) -> None:
    document, name = reading.document, str(path[-1])
    group = reading.groups.setdefault(name, _Group(name))
    if name != "all" and not group.parents:
        group.parents.add("all")
    entries = _mapping(document, body, path)
    for key in entries.keys() - _GROUP_KEYS:
        document.add((*path, key), "unknown key of a group", did_you_mean(key, _GROUP_KEYS))
    variables = _mapping(document, entries.get("vars"), (*path, "vars"))
    group.variables.update(variables)
    if "signoff" in variables:
        group.settings.append((*path, "vars", "signoff"))
    for pattern, own in _mapping(document, entries.get("hosts"), (*path, "hosts")).items():
        here = (*path, "hosts", pattern)
        for host in _expand(document, here, str(pattern)):
            reading.members.setdefault(host, {}).setdefault(name, {}).update(_mapping(document, own, here))
            reading.places.setdefault(host, []).append(here)
    for child, child_body in _mapping(document, entries.get("children"), (*path, "children")).items():
        here = (*path, "children", child)
        if str(child) in {*outer, name}:
            document.add(here, f"group {child!r} contains itself", "remove the inner one")
            continue
        reading.groups.setdefault(str(child), _Group(str(child))).parents.add(name)
        _read_group(reading, here, child_body, (*outer, name))


def _expand(document: Any, path: Path_, pattern: str) -> list[str]:
    match = _RANGE.search(pattern)
    if match is None:
        if "[" in pattern or "]" in pattern:
            document.add(path, "not a host range", "write web[01:20] or db[a:c]")
            return []
        return [pattern]
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    if first.isdigit() and last.isdigit() and int(first) <= int(last) and step:
        if (int(last) - int(first)) // step >= MAX_RANGE:
            document.add(path, f"a range of more than {MAX_RANGE} hosts", "split it")
            return []
        middle = [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1, step)]
    elif len(first) == len(last) == 1 and first.isalpha() and last.isalpha() and first <= last and step:
        middle = [chr(code) for code in range(ord(first), ord(last) + 1, step)]
    else:
        document.add(path, "not a host range", "write web[01:20] or db[a:c], first before last")
        return []
    return [
        name
        for part in middle
        for name in _expand(document, path, pattern[: match.start()] + part + pattern[match.end() :])
    ]


def _group_order(groups: dict[str, _Group], own: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the host's groups from the outermost to the innermost: later ones win, as in Ansible."""
    depth: dict[str, int] = {}

    def visit(name: str, seen: frozenset[str]) -> int:
        if name in depth or name in seen or name not in groups:
            return depth.get(name, 0)
        depth[name] = max((visit(parent, seen | {name}) + 1 for parent in groups[name].parents), default=0)
        return depth[name]

    for name in ("all", *own):
        visit(name, frozenset())
    return tuple(sorted(depth, key=lambda name: (depth[name], name)))


def _merge(groups: dict[str, _Group], order: tuple[str, ...], own: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    layers = [groups[name].variables for name in order] + [own[name] for name in order if name in own]
    for layer in layers:
        for key, value in layer.items():
            merged[key] = _deep(merged.get(key), value) if key == "signoff" else value
    return merged


def _deep(outer: Any, inner: Any) -> Any:
    """Return the inner settings over the outer ones: mappings are merged, everything else is replaced."""
    if not (isinstance(outer, Mapping) and isinstance(inner, Mapping)):
        return inner
    return {**outer, **{key: _deep(outer.get(key), value) for key, value in inner.items()}}
