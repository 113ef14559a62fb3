"""Read what `ansible-inventory --list` says: hosts, groups and variables of any source that Ansible knows."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signoff.config.ansible import PRIORITY, HostsRead
from signoff.config.groups import ALL, UNGROUPED, Groups
from signoff.config.hosts import is_secret
from signoff.config.layers import SETTINGS, HostBuilder, Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from signoff.config.hosts import Host
    from signoff.config.yamlfile import Document, Path_

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UNSAFE = "__ansible_unsafe"
_OWN = "ansible_"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    hosts: tuple[str, ...] = Field(default=(), strict=False)
    children: tuple[str, ...] = Field(default=(), strict=False)
    vars: dict[str, Any] = {}


class _Meta(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    hostvars: dict[str, dict[str, Any]]


class _Listed(BaseModel):
    """The program's answer: `_meta`, and one entry for each group."""

    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, _Group]

    meta: _Meta = Field(alias="_meta")

    @property
    def groups(self) -> Mapping[str, _Group]:
        return self.__pydantic_extra__


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    listed: _Listed
    by_group: _Listed | None


def read_answer(answer: str, document: Document, path: Path, lookup: Callable[[str], str | None]) -> HostsRead:
    """Return the hosts of the answer; mistakes are noted in the document.

    Variables are those that Ansible computed, `signoff` is merged from group to host. `${NAME}` is replaced in
    `ansible_*` and in `signoff`; anywhere else it may be meant for a shell.

    Args:
        answer: what `ansible_program.ask` returned.
        document: takes the mistakes; it has no lines.
        path: the source, to tell whether it says the same tomorrow.
        lookup: gives values for `${NAME}`.
    """
    try:
        said = _Answer.model_validate_json(answer)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        document.add((), f"ansible-inventory answered something that is no inventory (at {where})", "")
        return HostsRead(hosts={}, groups={}, documents=(document,), written=None)
    reader = _Reader(said, document, lookup, dynamic=is_dynamic(path))
    hosts = reader.hosts()
    if not hosts:
        document.add((), "names no host", "correct its filters or its credentials")
    written = {name: [host.sha256, list(host.groups)] for name, host in sorted(hosts.items())}
    return HostsRead(
        hosts=hosts, groups=reader.groups.members(), documents=(document,), written=written, answered=answer
    )


def is_dynamic(path: Path) -> bool:
    """Whether the source asks somebody else: a program, or the configuration of a plugin, alone or in the folder."""
    if path.is_dir():
        inner = [each for each in path.iterdir() if each.name not in {"group_vars", "host_vars"}]
        return any(is_dynamic(each) for each in inner if not each.name.startswith("."))
    if os.access(path, os.X_OK):
        return True
    if path.suffix not in {".yml", ".yaml"}:
        return False
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8", errors="replace"))
    except yaml.YAMLError:  # with a vault's tags, for example: Ansible has read it, so it is no plugin's
        return False
    return isinstance(data, dict) and isinstance(data.get("plugin"), str)


class _Reader:
    def __init__(
        self, said: _Answer, document: Document, lookup: Callable[[str], str | None], *, dynamic: bool
    ) -> None:
        self._said = said
        self._document = document
        self._lookup = lookup
        self._dynamic = dynamic
        self.groups = Groups()

    def hosts(self) -> dict[str, Host]:
        """Return the hosts, in the order of their groups."""
        listed = self._said.listed
        for name, group in _from_the_top(listed.groups):
            self.groups.add(name)
            for child in group.children:
                self.groups.add(child, inside=name)
            self.groups[name].hosts.update(dict.fromkeys(group.hosts))
        names = dict.fromkeys(host for group in self.groups for host in group.hosts)
        self.groups.settle(names)
        by_group = self._said.by_group
        for name, group in by_group.groups.items() if by_group else ():
            self._group_layer(name, group.vars)
        builder = HostBuilder()
        found: dict[str, Host] = {}
        for name in names:
            order = self.groups.order(self.groups.direct.get(name, ()))
            shared = [layer for each in order for layer in self.groups[each].layers]
            own = self._host_layers(name, by_group.meta.hostvars.get(name, {}) if by_group else {})
            host = builder.build(name, order, shared, own)
            if host is not None:
                found[name] = host
        return found

    def _group_layer(self, name: str, variables: Mapping[str, Any]) -> None:
        group = self.groups.add(name)
        if isinstance(variables.get(PRIORITY), int):
            group.priority = variables[PRIORITY]
        if SETTINGS in variables:
            group.layers.append(self._layer((name,), {SETTINGS: variables[SETTINGS]}))

    def _host_layers(self, name: str, own: Mapping[str, Any]) -> list[Layer]:
        flat = {key: value for key, value in self._said.listed.meta.hostvars.get(name, {}).items() if key != SETTINGS}
        layers = [self._layer((name,), flat)]
        if SETTINGS in own:
            layers.append(self._layer((name,), {SETTINGS: own[SETTINGS]}))
        return layers

    def _layer(self, path: Path_, variables: Mapping[str, Any]) -> Layer:
        plain = {key: _plain(value) for key, value in variables.items()}
        ours = {key for key in plain if key == SETTINGS or key.startswith(_OWN)}
        values = {key: self._filled(value, (*path, key)) if key in ours else value for key, value in plain.items()}
        written = {
            key: _masked(key, value)
            for key, value in plain.items()
            # A cloud adds values that change by themselves, such as the time of a start.
            if key in ours or not self._dynamic
        }
        return Layer(self._document, path, values, written)

    def _filled(self, value: Any, path: Path_) -> Any:
        """Return the value with `${NAME}` replaced, and enter its place in the document."""
        self._document.enter(path)
        if isinstance(value, dict):
            return {key: self._filled(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, (*path, index)) for index, inner in enumerate(value)]
        return _REFERENCE.sub(lambda match: self._value(match[1], path), value) if isinstance(value, str) else value

    def _value(self, name: str, path: Path_) -> str:
        value = self._lookup(name)
        if value is None:
            self._document.add(path, f"${{{name}}} is not set", f"set {name} in the environment or in .env")
        return value or ""


def _from_the_top(groups: Mapping[str, _Group]) -> list[tuple[str, _Group]]:
    """Return the groups level by level, as they are contained in each other: the answer sorts them by name."""
    order = {ALL: None, UNGROUPED: None}
    queue = list(order)
    for name in queue:
        for child in groups[name].children if name in groups else ():
            if child not in order:
                order[child] = None
                queue.append(child)
    return [
        (name, groups[name]) for name in [*order, *(name for name in groups if name not in order)] if name in groups
    ]


def _masked(name: object, value: Any) -> Any:
    """Return the value without secrets: a changed one is no change, and no digest may let it be guessed."""
    if is_secret(name):
        return "(secret)"
    if isinstance(value, dict):
        return {key: _masked(key, inner) for key, inner in value.items()}
    return [_masked("", inner) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """Return the value without Ansible's note that it must not be taken for a template."""
    if isinstance(value, dict):
        return (
            _plain(value[_UNSAFE]) if value.keys() == {_UNSAFE} else {key: _plain(each) for key, each in value.items()}
        )
    return [_plain(each) for each in value] if isinstance(value, list) else value
