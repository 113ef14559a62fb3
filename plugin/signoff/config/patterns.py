"""Ansible's host patterns: groups, names, globs, regular expressions and subscripts, joined, intersected, excluded."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from typing import TYPE_CHECKING

from signoff.config.groups import ALL, UNGROUPED
from signoff.config.yamlfile import did_you_mean
from signoff.errors import SignoffError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_SUBSCRIPT = re.compile(
    r"(?P<base>.+)\[(?:(?P<index>-?[0-9]+)|(?P<first>[0-9]+)(?::|(?P<dash>-))(?P<last>[0-9]*))\]\Z", re.DOTALL
)
_PART = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
"""One pattern between colons; those inside of brackets belong to it."""
_WITH_PORT = re.compile(r"[\w.-]+:[0-9]+\Z")
_EVERYWHERE = (".", "?", "*", "[")
"""A pattern with one of these may name hosts although it names groups too."""
_FEW = 12


class PatternError(SignoffError):
    """A host pattern that selects nothing, or that is none; the message says what to write."""


class Patterns:
    """Selects hosts of one inventory.

    Args:
        hosts: names of all hosts, in the inventory's order.
        groups: hosts of every group, those of the groups below included.
    """

    def __init__(self, hosts: Iterable[str], groups: Mapping[str, Sequence[str]]) -> None:
        self._hosts = dict.fromkeys(hosts)
        self._groups = groups

    def select(self, pattern: str | Iterable[str]) -> tuple[str, ...]:
        """Return the hosts that the pattern selects, as Ansible does: unions first, then `&`, then `!`.

        Unlike Ansible, which warns and goes on, every part must match some host: a typing error in what is left out
        would ask too many.

        Args:
            pattern: parts joined by `,` or `:`; or several such texts.

        Raises:
            PatternError: a part matches no host, or none is left.
        """
        texts = [pattern] if isinstance(pattern, str) else list(pattern)
        _refuse_urls(texts)
        parts = [part for text in texts for part in split(text)]
        if not parts:
            raise PatternError("an empty pattern selects no host: write a host, a group, or all")
        unions = [part for part in parts if part[0] not in "!&"]
        chosen = dict.fromkeys(host for part in unions or [ALL] for host in self._match(part))
        wanted = [set(self._match(part[1:])) for part in parts if part[0] == "&"]
        unwanted = {host for part in parts if part[0] == "!" for host in self._match(part[1:])}
        left = tuple(host for host in chosen if host not in unwanted and all(host in each for each in wanted))
        if not left:
            raise PatternError(f"{', '.join(texts)!r} leaves no host: its parts exclude each other")
        return left

    def _match(self, part: str) -> Sequence[str]:
        """Return the hosts that one part without its `!` or `&` means."""
        if part in self._hosts:
            return (part,)
        base, subscript = (part, None) if part.startswith("~") else _subscript(part)
        hosts = self._named(base)
        if subscript is not None and hosts:
            hosts = hosts[subscript]
            if not hosts:
                raise PatternError(f"{part!r} matches no host: {base!r} has {len(self._named(base))}")
        if not hosts:
            raise PatternError(f"{part!r} matches no host{self._hint(base)}")
        return hosts

    def _named(self, base: str) -> list[str]:
        matches = _matcher(base)
        groups = [name for name in self._groups if matches(name)]
        found = [host for name in groups for host in self._groups[name]]
        if not groups or base.startswith("~") or any(mark in base for mark in _EVERYWHERE):
            found += [host for host in self._hosts if matches(host)]
        return list(dict.fromkeys(found))

    def _hint(self, base: str) -> str:
        if base in self._groups:
            return ": the group is there, and empty"
        if ":" in base:
            return ": join patterns by commas, or all of them by colons"
        names = [*(name for name in self._groups if name not in {ALL, UNGROUPED}), *self._hosts]
        hint = did_you_mean(base.strip("~*"), names)
        return f" ({hint})" if hint else f" ({len(self._hosts)} hosts in {len(self._groups)} groups)"


def _refuse_urls(texts: Iterable[str]) -> None:
    for text in texts:
        if "://" in text:
            hint = "write signoff: {testinfra_url: …} for the host in the inventory, and name the host here"
            raise PatternError(f"{text!r} is no host pattern, but a URL: {hint}")


def split(pattern: str) -> list[str]:
    """Return the parts of a pattern: between commas, or where there are none, between colons.

    A name that is an IPv6 address, or that has a port, keeps its colons.
    """
    if "," in pattern:
        parts = pattern.split(",")
    elif _is_address(pattern):
        parts = [pattern]
    else:
        parts = _PART.findall(pattern)
    return [part.strip() for part in parts if part.strip()]


def _is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version > 0
    except ValueError:
        return _WITH_PORT.match(text) is not None


def _subscript(part: str) -> tuple[str, slice | None]:
    match = _SUBSCRIPT.match(part)
    if match is None:
        return part, None
    if match["dash"] is not None:
        raise PatternError(f"{part!r}: write {match['base']}[{match['first']}:{match['last']}], ends included")
    if match["index"] is not None:
        index = int(match["index"])
        return match["base"], slice(index, index + 1 or None)
    last = int(match["last"]) if match["last"] else -1
    return match["base"], slice(int(match["first"]), last + 1 or None)


def _matcher(base: str) -> Callable[[str], object]:
    """Return what tells whether a name is meant: the whole of it by a glob, its beginning by a regular expression."""
    text = base[1:] if base.startswith("~") else fnmatch.translate(base)
    try:
        return re.compile(text).match
    except re.error as error:
        raise PatternError(f"{base!r} is no regular expression: {error}") from None
