"""Trivy's JSON: packages of images, file systems and lock files, what is known against them, and misconfigurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import RISKS, Finding, Report, Risk, cwes_in, json_root

if TYPE_CHECKING:
    from signoff.importers._json import Node

_KIND = "Trivy report"
_SCHEMA = 2


def read(text: bytes | str) -> Report:
    """Return the report. What the tool was told to ignore is a finding like any other: the inventory decides.

    Raises:
        DamagedReportError: not Trivy's JSON of schema 2, or no result in it.
    """
    root = json_root(text, _KIND)
    if root.at("SchemaVersion").value != _SCHEMA:
        raise root.at("SchemaVersion").refuse(f"not schema {_SCHEMA}; export with `trivy … --format json`")
    results = root.at("Results").items()
    if not results:
        raise root.refuse("no result in it: the scan recognised nothing")
    packages = [package for result in results for package in result.some("Packages")]
    listed = all("Packages" in one for one in results if one.at("Class").text("") in {"os-pkgs", "lang-pkgs"})
    tool = root.at("Trivy")
    metadata = root.at("Metadata")
    return Report(
        producer="Trivy",
        version=tool.at("Version").text(""),
        created=root.at("CreatedAt").instant() if "CreatedAt" in root else None,
        targets=frozenset({root.at("ArtifactName").text(), *_digests(metadata)}),
        commits=frozenset({metadata.at("Commit").text()} if "Commit" in metadata else ()),
        inspected=len(packages) if listed else 0,
        components=frozenset(map(_component, packages)) if packages and listed else None,
        findings=(*_end_of_life(metadata), *(finding for result in results for finding in _findings(result))),
    )


def _digests(metadata: Node) -> list[str]:
    names = [*metadata.some("RepoDigests"), *metadata.some("RepoTags")]
    return [name.text() for name in names] + [metadata.at("ImageID").text("")] * ("ImageID" in metadata)


def _component(package: Node) -> tuple[str, str]:
    return canonicalize_name(package.at("Name").text()), package.at("Version").text("")


def _end_of_life(metadata: Node) -> list[Finding]:
    system = metadata.at("OS")
    if "EOSL" not in system or not system.at("EOSL").flag():
        return []
    name = f"{system.at('Family').text('')} {system.at('Name').text('')}".strip()
    return [Finding(rule="end-of-support", risk=Risk.HIGH, title=f"{name} is out of support", cwes=(1104,))]


def _findings(result: Node) -> list[Finding]:
    place = result.at("Target").text()
    known = [_vulnerability(one, place) for one in result.some("Vulnerabilities")]
    ignored = [
        _vulnerability(one.at("Finding"), place)
        for one in result.some("ExperimentalModifiedFindings")
        if one.at("Type").text("") == "vulnerability"
    ]
    wrong = [_misconfiguration(one, place) for one in result.some("Misconfigurations")]
    secrets = [
        Finding(rule=one.at("RuleID").text(), risk=one.at("Severity").choice(RISKS), place=place, cwes=(798,))
        for one in result.some("Secrets")
    ]
    return [*known, *ignored, *(one for one in wrong if one), *secrets]


def _vulnerability(node: Node, place: str) -> Finding:
    return Finding(
        rule=node.at("VulnerabilityID").text(),
        risk=node.at("Severity").choice(RISKS),
        title=node.at("Title").text(""),
        place=place,
        cwes=cwes_in(*(cwe.text() for cwe in node.some("CweIDs"))),
        aliases=tuple(alias.text() for alias in node.some("VendorIDs")),
        package=canonicalize_name(node.at("PkgName").text()),
        version=node.at("InstalledVersion").text(""),
        fixed_in=tuple(version.strip() for version in node.at("FixedVersion").text("").split(",") if version.strip()),
    )


def _misconfiguration(node: Node, place: str) -> Finding | None:
    if node.at("Status").text("FAIL") == "PASS":
        return None
    return Finding(
        rule=node.at("ID").text(), risk=node.at("Severity").choice(RISKS), title=node.at("Title").text(""), place=place
    )
