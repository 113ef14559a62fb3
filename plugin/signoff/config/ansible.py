"""Read an Ansible YAML inventory: groups, children, variables and ranges, as Ansible reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signoff.config.groups import ALL, UNGROUPED, Groups
from signoff.config.layers import HostBuilder, Layer
from signoff.config.ranges import RangeError, expand, split_port
from signoff.config.vars_files import VarsFiles
from signoff.config.yamlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from signoff.config.hosts import Host
    from signoff.config.yamlfile import Document, Path_

_GROUP_KEYS = {"hosts", "children", "vars"}
PRIORITY = "ansible_group_priority"


@dataclass(frozen=True, kw_only=True, slots=True)
class HostsRead:
    """The hosts of an environment, from whatever source."""

    hosts: Mapping[str, Host]
    """By name, in the order of the source."""
    groups: Mapping[str, tuple[str, ...]]
    """Names of the hosts of every group, those of its children included; `all` and `ungrouped` are always there."""
    documents: tuple[Document, ...]
    """What was read, with its mistakes."""
    written: Any
    """What the environment's digest is taken over."""
    answered: str = ""
    """What `ansible-inventory` said, if it was asked: other processes of the same run must not ask again."""


@dataclass(slots=True)
class _Reading:
    document: Document
    raw: Any
    groups: Groups = field(default_factory=Groups)
    hosts: dict[str, list[Layer]] = field(default_factory=dict)
    """Host to its variables, at every place where it stands, in the file's order."""


def read_native(
    document: Document, raw: Any, folder: Path, lookup: Callable[[str], str | None] | None = None
) -> HostsRead:
    """Return the hosts of the document, with `group_vars` and `host_vars` of the folder; mistakes are noted.

    Args:
        document: the inventory.
        raw: the same file without `${NAME}` replaced: digests are taken over it, so that a changed password or port
            of a disposable environment is no changed definition.
        folder: where the inventory stands.
        lookup: gives values for `${NAME}` in files of variables.
    """
    reading = _Reading(document, raw)
    for name, body in _mapping(document, document.data, ()).items():
        _read_group(reading, (name,), body, "", ())
    groups = reading.groups
    for name in groups.circular():
        document.add((name,), f"group {name!r} contains itself", "remove it from its children's children")
    groups.settle(reading.hosts)
    files = VarsFiles(folder, lookup)
    of_groups = files.read("group_vars", [group.name for group in groups])
    of_hosts = files.read("host_vars", reading.hosts)
    builder = HostBuilder()
    hosts: dict[str, Host] = {}
    for name, own in reading.hosts.items():
        order = groups.order(groups.direct.get(name, ()))
        # Ansible's order: what stands in the inventory, then the files, each from the outermost group inwards.
        shared = [layer for group in order for layer in groups[group].layers]
        shared += [layer for group in order for layer in of_groups.get(group, ())]
        host = builder.build(name, order, shared, [*own, *of_hosts.get(name, ())])
        if host is not None:
            hosts[name] = host
    written = raw if not files.written else {"hosts": raw, **files.written}
    return HostsRead(hosts=hosts, groups=groups.members(), documents=(document, *files.documents), written=written)


def _mapping(document: Document, data: Any, path: Path_) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        document.add(path, "must be a mapping", "write name: on a line of its own, and its keys indented below")
        return {}
    return data


def _layer(reading: _Reading, path: Path_, values: Mapping[str, Any]) -> Layer:
    """Return the variables of one place together with their form as written."""
    written = reading.raw
    for step in path:
        if not isinstance(written, dict) or step not in written:
            hint = "write the name out; ${NAME} is for values"
            reading.document.add(path, "stands below a name that is a reference", hint)
            return Layer(reading.document, path, values, {})
        written = written[step]
    return Layer(reading.document, path, values, written if isinstance(written, dict) else {})


def _read_group(reading: _Reading, path: Path_, body: Any, parent: str, outer: tuple[str, ...]) -> None:
    document, name = reading.document, str(path[-1])
    if name == ALL and parent:
        document.add(path, "group 'all' contains itself", "all contains every group: remove it here")
        return
    reading.groups.add(name, inside=parent)
    for key, entry in _mapping(document, body, path).items():
        here = (*path, key)
        if key == "vars":
            _read_variables(reading, here, name, _mapping(document, entry, here))
        elif key == "hosts":
            for pattern, own in _mapping(document, entry, here).items():
                _read_host(reading, (*here, pattern), name, own)
        elif key == "children":
            for child, inner in _mapping(document, entry, here).items():
                _read_child(reading, (*here, child), inner, (*outer, name))
        else:
            document.add(here, "unknown key of a group", did_you_mean(key, _GROUP_KEYS))


def _read_child(reading: _Reading, path: Path_, body: Any, outer: tuple[str, ...]) -> None:
    child = str(path[-1])
    if child in outer:
        reading.document.add(path, f"group {child!r} contains itself", "remove the inner one")
    elif UNGROUPED in {child, outer[-1]} and outer[-1] != ALL:
        reading.document.add(path, "ungrouped has no groups below it or above it", "give the group another name")
    else:
        _read_group(reading, path, body, outer[-1], outer)


def _read_variables(reading: _Reading, path: Path_, group: str, variables: dict[str, Any]) -> None:
    values = dict(variables)
    if PRIORITY in values:
        priority = values.pop(PRIORITY)
        if isinstance(priority, int) and not isinstance(priority, bool):
            reading.groups[group].priority = priority
        else:
            reading.document.add((*path, PRIORITY), "not a whole number", "write a number; the greatest one wins")
    if values:
        reading.groups[group].layers.append(_layer(reading, path, values))


def _read_host(reading: _Reading, path: Path_, group: str, body: Any) -> None:
    pattern, port = split_port(str(path[-1]))
    try:
        names = expand(pattern)
    except RangeError as error:
        message, _, hint = str(error).partition("; ")
        reading.document.add(path, message, hint)
        return
    variables = _mapping(reading.document, body, path)
    layer = _layer(reading, path, variables) if variables else None
    for name in names:
        layers = reading.hosts.get(name)
        reading.groups[group].hosts[name] = None
        if layers is None:
            layers = reading.hosts[name] = []
            if port is not None:
                behind = {"ansible_port": port}
                layers.append(Layer(reading.document, path, behind, behind))
        if layer is not None:
            layers.append(layer)
