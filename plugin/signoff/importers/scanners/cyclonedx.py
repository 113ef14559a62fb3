"""CycloneDX JSON 1.4 to 1.6: components, vulnerabilities, and what somebody found out about them (VEX)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import RISKS, Finding, Report, Risk, json_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from signoff.importers._json import Node

_KIND = "CycloneDX document"
_VERSIONS = frozenset({"1.4", "1.5", "1.6"})
_STATES = frozenset(
    {"resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive", "not_affected"}
)
_MENDED = frozenset({"resolved", "resolved_with_pedigree"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What somebody says of one vulnerability in one component."""

    vulnerability: str
    refs: frozenset[str]
    """The components, by their references in the bill of materials."""
    why: str
    """Why it does not count; empty: it does, or the statement gives no reason."""


def read(text: bytes | str) -> Report:
    """Return the vulnerabilities of a bill of materials.

    Raises:
        DamagedReportError: not CycloneDX JSON, no component, or a bill that nobody has looked up vulnerabilities for.
    """
    root = _root(text)
    if "vulnerabilities" not in root:
        raise root.refuse(
            "no list of vulnerabilities: a bill of materials alone is no scan; export the scanner's result"
        )
    components = _components(root)
    statements = [_statement(one) for one in root.some("vulnerabilities")]
    producer, version = _tool(root.at("metadata"))
    found = [
        finding
        for one, said in zip(root.some("vulnerabilities"), statements, strict=True)
        for finding in _findings(one, said, components)
    ]
    return Report(
        producer=producer,
        version=version,
        created=root.at("metadata").at("timestamp").instant(),
        targets=frozenset(_names(root.at("metadata").at("component"))),
        inspected=len(components),
        skipped=tuple(_gaps(root)),
        components=frozenset(components.values()),
        findings=tuple(found),
    )


def bill(text: bytes | str) -> frozenset[tuple[str, str]]:
    """Return name and version of every component of a bill of materials.

    Raises:
        DamagedReportError: not CycloneDX JSON, no component, or one that calls itself incomplete.
    """
    root = _root(text)
    if gaps := list(_gaps(root)):
        raise root.refuse(gaps[0])
    return frozenset(_components(root).values())


def statements(text: bytes | str) -> tuple[tuple[Statement, ...], datetime]:
    """Return what a VEX document says, and when it was made.

    Raises:
        DamagedReportError: not CycloneDX JSON, or without vulnerabilities.
    """
    root = _root(text)
    said = tuple(_statement(one) for one in root.at("vulnerabilities").items())
    return said, root.at("metadata").at("timestamp").instant()


def apply(report: Report, said: tuple[Statement, ...]) -> Report:
    """Return the report with findings suppressed that a statement speaks of: the same vulnerability and component."""
    return replace(report, findings=tuple(_judged(finding, said) for finding in report.findings))


def _judged(finding: Finding, said: tuple[Statement, ...]) -> Finding:
    package = f"{finding.package}@{finding.version}"
    for one in said:
        if one.why and one.vulnerability in finding.names and any(_is_about(ref, package) for ref in one.refs):
            return replace(finding, suppressed=one.why)
    return finding


def _is_about(ref: str, package: str) -> bool:
    """Whether a reference, mostly a package URL, names the package and version."""
    name, _, version = ref.partition("?")[0].rpartition("#")[2].rpartition("@")
    return f"{canonicalize_name(name.rpartition('/')[2])}@{version}" == package


def _root(text: bytes | str) -> Node:
    root = json_root(text, _KIND)
    if root.at("bomFormat").text("") != "CycloneDX" or root.at("specVersion").text("") not in _VERSIONS:
        raise root.refuse("not CycloneDX 1.4 to 1.6 in JSON")
    return root


def _components(root: Node) -> Mapping[str, tuple[str, str]]:
    """Return name and version by reference, nested components included."""
    found: dict[str, tuple[str, str]] = {}
    waiting = root.some("components")
    while waiting:
        node = waiting.pop()
        waiting.extend(node.some("components"))
        group = node.at("group").text("")
        name = node.at("name").text()
        ref = node.at("bom-ref").text("") or node.at("purl").text("") or f"{name}@{len(found)}"
        found[ref] = (
            canonicalize_name(f"{group}/{name}" if group.startswith("@") else name),
            node.at("version").text(""),
        )
    if not found:
        raise root.refuse("no component in it; describe the release's own lock file or image")
    return found


def _tool(metadata: Node) -> tuple[str, str]:
    """Return name and version of the tool; 1.5 moved them into components."""
    tools = metadata.at("tools")
    found = tools.some("components") if isinstance(tools.value, dict) else metadata.some("tools")
    if not found:
        raise tools.refuse("no tool is named; use a scanner that says what it is")
    return found[0].at("name").text(), found[0].at("version").text("")


def _names(component: Node) -> Iterator[str]:
    for key in ("name", "bom-ref", "purl"):
        if component.at(key).text(""):
            yield component.at(key).text()


def _gaps(root: Node) -> Iterator[str]:
    for composition in root.some("compositions"):
        aggregate = composition.at("aggregate").text()
        if aggregate.startswith("incomplete"):
            yield f"the bill of materials calls itself {aggregate}"


def _statement(node: Node) -> Statement:
    analysis = node.at("analysis")
    state = analysis.at("state").text("in_triage")
    if state not in _STATES:
        raise analysis.at("state").wrong(f"one of {', '.join(sorted(_STATES))}")
    justification, detail = analysis.at("justification").text(""), analysis.at("detail").text("")
    why = ""
    if state in _MENDED:
        why = state
    elif state == "not_affected" and justification:
        why = f"not affected: {justification}"
    elif state == "false_positive" and detail:
        why = f"false positive: {detail[:200]}"
    refs = frozenset(one.at("ref").text() for one in node.some("affects"))
    return Statement(vulnerability=node.at("id").text(), refs=refs, why=why)


def _findings(node: Node, said: Statement, components: Mapping[str, tuple[str, str]]) -> Iterator[Finding]:
    risk = _risk(node)
    for ref in sorted(said.refs):
        if ref.rpartition("#")[2] not in components and ref not in components:
            raise node.refuse(f"affects {ref[:80]!r}, which is no component of this bill of materials")
        name, version = components[ref if ref in components else ref.rpartition("#")[2]]
        yield Finding(
            rule=said.vulnerability,
            risk=risk,
            cwes=tuple(cwe.count() for cwe in node.some("cwes")),
            aliases=tuple(one.at("id").text() for one in node.some("references")),
            package=name,
            version=version,
            suppressed=said.why,
        )
    if not said.refs:
        raise node.refuse("affects no component; export the scanner's whole result")


def _risk(node: Node) -> Risk | None:
    """Return the worst rating; None if nobody rated it."""
    risks = [one.at("severity").choice(RISKS) for one in node.some("ratings") if "severity" in one]
    return max((risk for risk in risks if risk is not None), default=None)
