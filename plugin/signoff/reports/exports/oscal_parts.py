"""The building blocks of OSCAL documents: properties, metadata, people, targets, and the checklist as a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import NO_TARGET
from signoff.reports.exports.identity import URN, identifier
from signoff.reports.exports.wording import LINE
from signoff.reports.instants import machine
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signoff.model import Attestation, Signoff, Target

OSCAL_VERSION = "1.2.1"
NAMESPACE = f"{URN}:oscal"
"""Of every property that OSCAL itself does not know."""
TOOL = identifier("oscal", "tool")
ATTESTER = "attester"

Part = dict[str, Any]


def own(**values: str) -> list[Part]:
    """Return our own properties; those without a value are left out, for OSCAL knows no empty one."""
    lines = {name.replace("_", "-"): one_line(value, LINE) for name, value in values.items()}
    return [{"name": name, "ns": NAMESPACE, "value": value} for name, value in lines.items() if value]


def document_id(signoff: Signoff, kind: str) -> str:
    """Return the identifier of this document: another evidence set or another instant is another document."""
    return identifier("oscal", kind, signoff.environment, signoff.digest, machine(signoff.evaluated_at))


def metadata(signoff: Signoff, title: str) -> Part:
    """Return title, version and the people that the document refers to."""
    people = attesters(signoff)
    part: Part = {
        "title": one_line(f"{title}: {signoff.product} {signoff.release} ({signoff.environment})", LINE),
        "last-modified": machine(signoff.evaluated_at),
        "version": one_line(signoff.release, LINE) or "0",
        "oscal-version": OSCAL_VERSION,
        "props": own(
            verdict=signoff.verdict.value,
            environment=signoff.environment,
            release=signoff.release,
            commit=signoff.commit,
            digest=signoff.digest,
            valid_until=machine(signoff.valid_until) if signoff.valid_until else "",
        ),
        "parties": [
            {"uuid": TOOL, "type": "organization", "name": "pytest-signoff"},
            *({"uuid": person(name), "type": "person", "name": one_line(name, LINE)} for name in people),
        ],
    }
    if people:
        part["roles"] = [{"id": ATTESTER, "title": "Attester"}]
    return part


def attesters(signoff: Signoff) -> list[str]:
    """Return who attested something that the decision rests on, each once."""
    return list(dict.fromkeys(made.by for made in attestations(signoff)))


def attestations(signoff: Signoff) -> list[Attestation]:
    """Return the attestations that the decision knows."""
    return [result.attestation for result in signoff.items if result.attestation is not None]


def person(name: str) -> str:
    """Return the identifier of a person."""
    return identifier("oscal", "person", name)


def target_id(signoff: Signoff, target: str) -> str:
    """Return the identifier of a target: the same in every document on the environment."""
    return identifier("oscal", "target", signoff.environment, target)


def inventory(signoff: Signoff) -> list[Part]:
    """Return every host and service that was to be asked."""
    targets: dict[str, Target] = {}
    for result in signoff.items:
        targets |= {cell.target.name: cell.target for cell in result.cells if cell.target.name != NO_TARGET}
    return [
        {
            "uuid": target_id(signoff, name),
            "description": name,
            "props": own(name=name, kind=target.kind, address=target.address),
        }
        for name, target in sorted(targets.items())
    ]


def checklist_id(signoff: Signoff) -> str:
    """Return the identifier of the checklist in this version."""
    return identifier("oscal", "checklist", signoff.inputs.get("checklist", ""))


def back_matter(signoff: Signoff) -> Part:
    """Return what the decision was judged against, by digest; the checklist stands for the assessment plan."""
    checklist: Part = {
        "uuid": checklist_id(signoff),
        "title": "Checklist",
        "description": "The go-live checklist that was assessed; it stands for the assessment plan.",
    }
    others = [
        {"uuid": identifier("oscal", name, sha256), "title": name.capitalize(), "props": own(sha256=sha256)}
        for name, sha256 in sorted(signoff.inputs.items())
        if name != "checklist"
    ]
    if sha256 := signoff.inputs.get("checklist"):
        checklist["rlinks"] = [
            {"href": "tests/checklist.yaml", "hashes": [{"algorithm": "SHA-256", "value": sha256}]},
        ]
    return {"resources": [checklist, *others]}


def without_empty(part: Part) -> Part:
    """Return the part without empty lists and texts: OSCAL forbids lists of nothing."""
    return {name: value for name, value in part.items() if value not in ([], "", None)}


def references(key: str, identifiers: Iterable[str]) -> list[Part]:
    """Return links to other parts of the document."""
    return [{key: each} for each in identifiers]
