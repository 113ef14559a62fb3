"""A list of the people on call, kept by hand: who they are, how they are reached, and until when it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.products.on_call import OnCallPerson

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "on-call list"
_WAYS = {name: name for name in ("phone", "sms", "push", "email")}


def read(text: bytes, *, now: datetime) -> tuple[OnCallPerson, ...]:
    """Return the people: YAML with `schema_version` 1, `valid_until` and `people`, each with `name` and `reached_by`.

    Raises:
        DamagedReportError: not such a list.
        NotVerifiedError: it no longer holds, or nobody stands in it.
    """
    root = yaml_node(text, _KIND)
    only(root, {"schema_version", "valid_until", "people"})
    if root.at("valid_until").instant() <= now:
        raise NotVerifiedError(f"{_KIND}: it held until {root.at('valid_until').text()}; renew it")
    people = []
    for entry in root.at("people").items():
        only(entry, {"name", "reached_by"})
        ways = frozenset(way.choice(_WAYS) for way in entry.at("reached_by").items())
        people.append(OnCallPerson(id=entry.at("name").text(), name=entry.at("name").text(), ways=ways))
    if not people:
        raise NotVerifiedError(f"{_KIND}: nobody stands in it; write down who is on call")
    return tuple(people)


def yaml_node(text: bytes, kind: str) -> Node:
    """Return the root of a YAML document with `schema_version` 1; times are texts in it, with an offset.

    Raises:
        DamagedReportError: not such a document.
    """
    try:
        # The base loader reads every value as text: no date is guessed.
        data = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes nothing but texts
    except (yaml.YAMLError, RecursionError) as error:
        raise DamagedReportError(f"{kind}: not a YAML document: {type(error).__name__}") from error
    root = Node(data, kind=kind, error=DamagedReportError)
    if root.at("schema_version").text() != "1":
        raise root.at("schema_version").wrong("schema_version 1")
    return root


def only(node: Node, known: set[str]) -> None:
    """Return if the object has no other keys.

    Raises:
        DamagedReportError: it has; a typing error would otherwise be overlooked.
    """
    if unknown := sorted(set(node.members()) - known):
        raise node.refuse(f"unknown key {', '.join(unknown)}")
