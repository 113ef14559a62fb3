"""`iptables-save` and `ip6tables-save`, read for what they let in."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.packet_filter import Family, Input, PortRange, Rule, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

_POLICY = re.compile(r"^:(\S+) (\S+)")
_DENY = frozenset({"DROP", "REJECT"})
_PASSING = frozenset({"LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "CT", "NOTRACK", "AUDIT", "SET"})
_TRIVIAL = frozenset({"-p", "-m", "-j", "-g", "--comment", "--reject-with"})
_STATES = frozenset({"--ctstate", "--state"})
_PORTS = frozenset({"--dport", "--dports", "--destination-port", "--destination-ports"})


def parse_iptables(text: str, family: Family) -> tuple[Input | None, int]:
    """Return the INPUT chain of the filter table and the number of its table's rules; None: there is no such table.

    Raises:
        NotVerifiedError: it is not what iptables-save writes, or cut off.
    """
    if "*filter" not in text:
        if text.strip() and not text.lstrip().startswith(("#", "*")):
            raise NotVerifiedError(f"iptables-save's answer is no ruleset: {text.strip()[:80]!r}")
        return None, 0
    table, end, _ = text.partition("*filter\n")[2].partition("\nCOMMIT")
    if not end:
        raise NotVerifiedError("iptables-save's answer is cut off: no COMMIT after *filter")
    policies: dict[str, str] = {}
    chains: dict[str, list[Rule]] = {}
    for line in table.splitlines():
        if found := _POLICY.match(line):
            policies[found[1]] = found[2]
        elif line.startswith("-A "):
            words = shlex.split(line)
            chains.setdefault(words[1], []).append(_rule(words[2:]))
    policy: Verdict = "deny" if policies.get("INPUT") in _DENY else "accept"
    chain = judge(f"{family} filter INPUT", frozenset({family}), policy=policy, chains=chains, start="INPUT")
    return chain, sum(map(len, chains.values()))


def _rule(words: Sequence[str]) -> Rule:
    values = {word: words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("-")}
    target = values.get("-j") or values.get("-g") or ""
    names = {word for word in words if word.startswith("-")}
    narrow = names - _TRIVIAL - _STATES - _PORTS
    states = set(",".join(values[name] for name in _STATES & names).split(","))
    conditional = (
        bool(narrow)
        or "!" in words
        or bool(_PORTS & names)
        or values.get("-p", "tcp") not in {"tcp", "udp", "all"}
        or bool(_STATES & names and "NEW" not in states)
    )
    ports = tuple(
        port for name in _PORTS & names for port in _ranges(values[name], values.get("-p", "tcp")) if "!" not in words
    )
    return Rule(verdict=_verdict(target), conditional=conditional, ports=ports, target=target)


def _verdict(target: str) -> Verdict:
    if target in _DENY:
        return "deny"
    if not target or target in _PASSING:
        return "none"
    return "accept" if target == "ACCEPT" else "return" if target == "RETURN" else "jump"


def _ranges(text: str, protocol: str) -> list[PortRange]:
    pairs = [one.partition(":") for one in text.split(",")]
    return [
        PortRange(first=int(first or 0), last=int(last or (65_535 if colon else first)), protocol=protocol)
        for first, colon, last in pairs
    ]
