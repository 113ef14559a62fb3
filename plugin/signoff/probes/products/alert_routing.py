"""What Alertmanager's configuration does with an alert: its receivers, and what inhibits it; resolved as it does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^",]*?))\s*(?:,|$)')
_ANYTHING = ("some value", "another one")


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """One condition on a label; an absent label is empty, as in Alertmanager."""

    name: str
    operator: str
    """`=`, `!=`, `=~` or `!~`."""
    value: str

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Return whether the alert meets it."""
        own = labels.get(self.name, "")
        if self.operator in {"=", "!="}:
            return (own == self.value) == (self.operator == "=")
        try:
            met = re.fullmatch(self.value, own) is not None
        except re.error as error:
            raise NotVerifiedError(f"Alertmanager: pattern {self.value!r} cannot be read here: {error}") from error
        return met == (self.operator == "=~")

    @property
    def narrows(self) -> bool:
        """Whether it keeps unlike values out: `severity=~".+"` does not, nor does `severity!="none"`."""
        return not all(self.accepts({self.name: value}) for value in _ANYTHING)

    def __str__(self) -> str:
        """Return it as Alertmanager writes it."""
        return f'{self.name}{self.operator}"{self.value}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One node of the routing tree."""

    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    """Whether the nodes after it are tried too."""
    is_timed: bool
    """Whether it is muted, or active, at certain times only."""
    routes: tuple[Route, ...]

    def resolve(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """Return the nodes that take an alert with these labels; empty: not even this one."""
        if not all(matcher.accepts(labels) for matcher in self.matchers):
            return ()
        taken: list[Route] = []
        for route in self.routes:
            found = route.resolve(labels)
            taken += found
            if found and not route.goes_on:
                break
        return tuple(taken) or (self,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inhibition:
    """While an alert of the source fires, those of the target tell nobody."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def mutes(self, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
        """Return whether the first alert, firing, silences the second."""
        return (
            all(matcher.accepts(source) for matcher in self.source)
            and all(matcher.accepts(target) for matcher in self.target)
            and all(source.get(label, "") == target.get(label, "") for label in self.equal)
            # One that is on both sides is not inhibited by itself.
            and not all(matcher.accepts(target) for matcher in self.source)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """A whole configuration."""

    root: Route
    integrations: Mapping[str, int]
    """For each receiver, in how many ways it tells somebody."""
    inhibitions: tuple[Inhibition, ...]

    def receivers(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return who gets an alert with these labels, each once."""
        return tuple(dict.fromkeys(route.receiver for route in self.root.resolve(labels)))

    def always(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return those of them that get it at every time of the day."""
        return tuple(dict.fromkeys(route.receiver for route in self.root.resolve(labels) if not route.is_timed))


def read_routing(text: str) -> Routing:
    """Return what a configuration file says.

    Raises:
        NotVerifiedError: it is none, or says something that this version does not know how to resolve.
    """
    try:
        document = yaml.safe_load(text)
        route = _route(document["route"], inherited="")
        receivers = {receiver["name"]: _ways(receiver) for receiver in document.get("receivers") or ()}
        inhibitions = tuple(
            Inhibition(
                source=tuple(_matchers(rule, "source_")),
                target=tuple(_matchers(rule, "target_")),
                equal=tuple(rule.get("equal") or ()),
            )
            for rule in document.get("inhibit_rules") or ()
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise NotVerifiedError(f"Alertmanager: its configuration cannot be read: {type(error).__name__}") from error
    return Routing(root=route, integrations=receivers, inhibitions=inhibitions)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of one text such as `{severity="critical",team=~"a|b"}`.

    Raises:
        NotVerifiedError: it is none.
    """
    inner = text.strip().removeprefix("{").removesuffix("}")
    found: list[Matcher] = []
    position = 0
    while position < len(inner):
        match = _MATCHER.match(inner, position)
        if match is None:
            raise NotVerifiedError(f"Alertmanager: {inner[position:]!r} is no matcher that is known here")
        quoted = match[3]
        value = match[4] if quoted is None else re.sub(r"\\(.)", r"\1", quoted.replace(r"\n", "\n"))
        found.append(Matcher(name=match[1], operator=match[2], value=value))
        position = match.end()
    return tuple(found)


def _route(entry: Mapping[str, Any], *, inherited: str) -> Route:
    receiver = entry.get("receiver") or inherited
    return Route(
        receiver=receiver,
        matchers=tuple(_matchers(entry, "")),
        goes_on=bool(entry.get("continue", False)),
        is_timed=bool(entry.get("mute_time_intervals") or entry.get("active_time_intervals")),
        routes=tuple(_route(child, inherited=receiver) for child in entry.get("routes") or ()),
    )


def _matchers(entry: Mapping[str, Any], prefix: str) -> Iterator[Matcher]:
    """Yield the matchers of all three forms that configurations have had."""
    for name, value in (entry.get(f"{prefix}match") or {}).items():
        yield Matcher(name=name, operator="=", value=str(value))
    for name, value in (entry.get(f"{prefix}match_re") or {}).items():
        yield Matcher(name=name, operator="=~", value=str(value))
    texts: Sequence[str] | str = entry.get(f"{prefix}matchers") or ()
    for text in [texts] if isinstance(texts, str) else texts:
        yield from parse_matchers(text)


def _ways(receiver: Mapping[str, Any]) -> int:
    return sum(len(value or ()) for key, value in receiver.items() if key.endswith("_configs"))
