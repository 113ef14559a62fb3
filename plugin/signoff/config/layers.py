"""One host out of the layers of variables that apply to it: merged, checked, and every mistake where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.config.canonical import digest
from signoff.config.hosts import CONNECTION_VARIABLES, Host, HostSettings
from signoff.config.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.config.yamlfile import Document, Path_

SETTINGS = "signoff"
MAX_PORT = 65_535
_TEMPLATE = ("is a template, which only a playbook evaluates", "write the value, or ${NAME}")
VAULTED = "__ansible_vault"
"""Key under which `ansible-inventory` shows a value that it did not decrypt."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Variables that stand at one place."""

    document: Document
    path: Path_
    values: Mapping[str, Any]
    written: Mapping[str, Any]
    """The same without `${NAME}` replaced: digests are taken over it, so that a changed password is no change."""


class HostBuilder:
    """Makes hosts; what many of them share is merged and checked once."""

    def __init__(self) -> None:
        self._shared: dict[tuple[str, ...], tuple[dict[str, Any], dict[str, Any]]] = {}
        self._checked: dict[tuple[str, ...], HostSettings | None] = {}

    def build(self, name: str, groups: tuple[str, ...], shared: Sequence[Layer], own: Sequence[Layer]) -> Host | None:
        """Return the host, or None with every mistake noted where it stands.

        Args:
            name: of the host.
            groups: of the host, outermost first; hosts of the same groups have the same `shared` layers.
            shared: variables of the groups, innermost last.
            own: variables of the host itself, the last one wins.
        """
        if groups not in self._shared:
            self._shared[groups] = merge({}, [s.values for s in shared]), merge({}, [s.written for s in shared])
        values, written = self._shared[groups]
        variables = merge(values, [layer.values for layer in own])
        given = variables.pop(SETTINGS, None) or {}
        place = _Places([*shared, *own])
        place.check_connection(variables)
        if any(SETTINGS in layer.values for layer in own):
            settings = place.settings(given)
        else:
            if groups not in self._checked:
                self._checked[groups] = place.settings(given)
            settings = self._checked[groups]
        if settings is None:
            return None
        plain = merge(written, [layer.written for layer in own])
        return Host(name=name, groups=groups, variables=variables, settings=settings, sha256=digest(plain))


def merge(outer: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the variables with those of the layers over them: replaced as in Ansible, `signoff` merged in depth."""
    merged = dict(outer)
    for layer in layers:
        for key, value in layer.items():
            merged[key] = _deep(merged.get(key), value) if key == SETTINGS else value
    return merged


def _deep(outer: Any, inner: Any) -> Any:
    if not (isinstance(outer, Mapping) and isinstance(inner, Mapping)):
        return inner
    return {**outer, **{key: _deep(outer.get(key), value) for key, value in inner.items()}}


def _templates(value: object, path: Path_) -> Iterator[Path_]:
    """Yield where a value is a template of Ansible's."""
    if isinstance(value, str):
        if "{{" in value or "{%" in value:
            yield path
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _templates(inner, (*path, key))


class _Places:
    """Notes mistakes of merged settings in the innermost layer that has the value."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def add(self, path: Path_, message: str, hint: str = "") -> None:
        """Note a mistake of the settings; `path` starts below `signoff`."""
        self._add((SETTINGS, *path), message, hint)

    def settings(self, given: object) -> HostSettings | None:
        """Return the settings, or None with every mistake noted."""
        templates = list(_templates(given, ()))
        for path in templates:
            self.add(path, *_TEMPLATE)
        return None if templates else validate(self, given, HostSettings)

    def _add(self, path: Path_, message: str, hint: str) -> None:
        for length in range(len(path), 0, -1):  # what is missing has no place: its nearest parent has one
            for layer in reversed(self._layers):
                if layer.document.knows((*layer.path, *path[:length])):
                    layer.document.add((*layer.path, *path), message, hint)
                    return
        if self._layers:
            innermost = self._layers[-1]
            innermost.document.add((*innermost.path, *path), message, hint)

    def check_connection(self, variables: Mapping[str, Any]) -> None:
        """Note what no connection can be made with."""
        for name in CONNECTION_VARIABLES & variables.keys():
            value = variables[name]
            if any(_templates(value, (name,))):
                self._add((name,), *_TEMPLATE)
            elif isinstance(value, Mapping) and VAULTED in value:
                self._add((name,), "is encrypted by Ansible Vault", "encrypt the whole file, or write ${NAME}")
            elif isinstance(value, (dict, list)):
                self._add((name,), "must be a single value", "write one text or number")
        port = variables.get("ansible_port")
        if port is not None and not (str(port).isascii() and str(port).isdigit() and 0 < int(str(port)) <= MAX_PORT):
            self._add(("ansible_port",), "not a port", "write a number from 1 to 65535")
