"""`nft -j list ruleset`, read for what it lets in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.packet_filter import Family, Input, PacketFilter, PortRange, Rule, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND = "nft -j list ruleset"
_FAMILIES: Mapping[str, frozenset[Family]] = {
    "inet": frozenset({"ip", "ip6"}),
    "ip": frozenset({"ip"}),
    "ip6": frozenset({"ip6"}),
}
_TRANSPORTS = frozenset({"tcp", "udp", "th"})
_NEW = frozenset({"new", "untracked"})
_VERDICTS = frozenset({"accept", "drop", "reject", "jump", "goto", "return", "vmap", "queue"})

Sets = dict[tuple[str, str, str], Any]


def parse_nftables(text: str) -> PacketFilter:
    """Return the facts of a whole ruleset.

    Raises:
        NotVerifiedError: it is not what nft writes, or cut off.
    """
    try:
        entries = [next(iter(one.items())) for one in json.loads(text)["nftables"]]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise NotVerifiedError(f"nft's answer is no ruleset in JSON: {text[:80]!r}") from error
    if not any(kind == "metainfo" for kind, _ in entries):
        raise NotVerifiedError("nft's answer lacks its heading; which version is this?")
    sets: Sets = {_place(body, "name"): body.get("elem", ()) for kind, body in entries if kind in {"set", "map"}}
    chains: dict[tuple[str, str, str], list[Rule]] = {}
    for kind, body in entries:
        if kind == "rule":
            chains.setdefault(_place(body, "chain"), []).extend(_rules(body, sets))
    bases = [body for kind, body in entries if kind == "chain" and body.get("hook") == "input"]
    return PacketFilter(
        tool="nftables",
        rules=sum(kind == "rule" for kind, _ in entries),
        inputs=tuple(_input(body, chains) for body in bases if body["family"] in _FAMILIES),
    )


def _place(body: Mapping[str, Any], key: str) -> tuple[str, str, str]:
    return (body["family"], body["table"], body[key])


def _input(body: Mapping[str, Any], chains: Mapping[tuple[str, str, str], list[Rule]]) -> Input:
    own = {
        name: rules for (family, table, name), rules in chains.items() if (family, table) == _place(body, "name")[:2]
    }
    return judge(
        f"{body['family']} {body['table']} {body['name']}",
        _FAMILIES[body["family"]],
        policy="deny" if body.get("policy") == "drop" else "accept",
        chains=own,
        start=body["name"],
    )


def _rules(body: Mapping[str, Any], sets: Sets) -> Iterator[Rule]:
    statements = [next(iter(one.items())) for one in body["expr"]]
    matches = [content for kind, content in statements if kind == "match"]
    ports = tuple(port for match in matches for port in _ports(match["left"], match["right"], body, sets))
    conditional = any(map(_narrows, matches)) or any(kind in {"limit", "xt"} for kind, _ in statements)
    for kind, content in statements:
        if kind == "vmap":
            yield from _mapped(content, body, sets)
        elif kind in _VERDICTS:
            yield _rule(kind, content, conditional=conditional, ports=ports)


def _rule(kind: str, content: Any, *, conditional: bool, ports: tuple[PortRange, ...]) -> Rule:
    match kind:
        case "drop" | "reject":
            return Rule(verdict="deny", conditional=conditional, ports=ports)
        case "jump" | "goto":
            return Rule(verdict="jump", conditional=conditional, ports=ports, target=content["target"])
        case "return":
            return Rule(verdict="return", conditional=conditional, ports=ports)
        case _:
            return Rule(verdict="accept", conditional=conditional, ports=ports)


def _mapped(vmap: Mapping[str, Any], body: Mapping[str, Any], sets: Sets) -> Iterator[Rule]:
    for value, verdict in _elements(vmap["data"], body, sets):
        kind, content = next(iter(verdict.items()))
        yield _rule(kind, content, conditional=True, ports=tuple(_ports(vmap["key"], value, body, sets)))


def _narrows(match: Mapping[str, Any]) -> bool:
    """Whether the match leaves some new connections of some senders out."""
    left, right = match["left"], match["right"]
    if match.get("op") == "!=":
        return True
    if isinstance(right, dict) and right.get("prefix", {}).get("len") == 0:
        return False
    about = (left.get("meta") or left.get("ct") or {}) if isinstance(left, dict) else {}
    key = about.get("key")
    named = right["set"] if isinstance(right, dict) and "set" in right else right
    values = {one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)}
    if key == "state":
        return not values & _NEW
    return not (key in {"l4proto", "nfproto", "protocol"} and values & {"tcp", "udp", "ipv4", "ipv6", "ip", "ip6"})


def _ports(left: Any, right: Any, body: Mapping[str, Any], sets: Sets) -> Iterator[PortRange]:
    payload = left.get("payload", {}) if isinstance(left, dict) else {}
    if payload.get("field") != "dport" or payload.get("protocol") not in _TRANSPORTS:
        return
    protocols = ("tcp", "udp") if payload["protocol"] == "th" else (payload["protocol"],)
    for value in _elements(right, body, sets):
        first, last = value["range"] if isinstance(value, dict) and "range" in value else (value, value)
        if isinstance(first, int) and isinstance(last, int):
            yield from (PortRange(first=first, last=last, protocol=protocol) for protocol in protocols)


def _elements(value: Any, body: Mapping[str, Any], sets: Sets) -> list[Any]:
    if isinstance(value, str) and value.startswith("@"):
        value = sets.get((body["family"], body["table"], value[1:]), ())
    if isinstance(value, dict) and "set" in value:
        value = value["set"]
    elements = list(value) if isinstance(value, list | tuple) else [value]
    return [one["elem"]["val"] if isinstance(one, dict) and "elem" in one else one for one in elements]
