"""What a host's packet filter does with incoming packets that no rule mentions, and which ports its rules let in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Verdict = Literal["accept", "deny", "jump", "return", "none"]
Family = Literal["ip", "ip6"]


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class PortRange:
    """Ports from the first to the last, both included."""

    first: int
    last: int
    protocol: str
    """`tcp` or `udp`."""

    def __str__(self) -> str:
        """Return it as an inventory writes it."""
        return f"{self.first}{f'-{self.last}' if self.last > self.first else ''}/{self.protocol}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule, as far as the question goes."""

    verdict: Verdict
    conditional: bool
    """Whether it holds for some new connections only."""
    ports: tuple[PortRange, ...] = ()
    """Those that it names, if it names any."""
    target: str = ""
    """Chain that a jump goes to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One chain that every incoming packet of its families goes through."""

    name: str
    families: frozenset[Family]
    denies: bool
    """Whether what no rule accepts is dropped or rejected."""
    accepted: tuple[PortRange, ...] = ()
    """Ports that rules with any condition let in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PacketFilter:
    """All chains for incoming packets; none: nothing filters."""

    tool: str
    rules: int
    inputs: tuple[Input, ...] = field(default=())

    def denies(self, family: Family) -> bool:
        """Whether some chain denies by default: a packet has to pass all of them."""
        return any(one.denies for one in self.inputs if family in one.families)

    @property
    def accepted(self) -> tuple[PortRange, ...]:
        """Ports that the denying chains let in."""
        return tuple(sorted({port for one in self.inputs if one.denies for port in one.accepted}))


def judge(
    name: str, families: frozenset[Family], *, policy: Verdict, chains: Mapping[str, Sequence[Rule]], start: str
) -> Input:
    """Return what a base chain comes down to, jumps followed."""
    accepted: set[PortRange] = set()
    verdict = policy
    for rule in _flat(chains, start, frozenset()):
        if rule.verdict == "accept":
            accepted.update(rule.ports)
        if not rule.conditional and rule.verdict in {"accept", "deny"}:
            verdict = rule.verdict
            break
    return Input(name=name, families=families, denies=verdict == "deny", accepted=tuple(sorted(accepted)))


def _flat(chains: Mapping[str, Sequence[Rule]], name: str, above: frozenset[str]) -> Iterator[Rule]:
    """Return the rules in the order in which a packet meets them; a jump's conditions hold for all behind it."""
    for rule in chains.get(name, ()):
        if rule.verdict == "return" and not rule.conditional:
            return
        if rule.verdict != "jump":
            yield rule
        elif rule.target not in above:
            for inner in _flat(chains, rule.target, above | {name}):
                yield replace(inner, conditional=inner.conditional or rule.conditional, ports=inner.ports or rule.ports)
