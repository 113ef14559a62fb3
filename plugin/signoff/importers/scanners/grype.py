"""Grype's JSON: what is known against the packages, and how old the data is that it judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import RISKS, Finding, Report, cwes_in, json_root

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.importers._json import Node

_KIND = "Grype report"


def read(text: bytes | str) -> Report:
    """Return the report. It lists vulnerable packages only; matches that a rule ignored are findings all the same.

    Raises:
        DamagedReportError: not Grype's JSON, without the version or the time of the scan.
    """
    root = json_root(text, _KIND)
    descriptor = root.at("descriptor")
    if descriptor.at("name").text() != "grype":
        raise descriptor.refuse("written by another program; export with `grype … -o json`")
    matches = [*root.at("matches").items(), *root.some("ignoredMatches")]
    return Report(
        producer="Grype",
        version=descriptor.at("version").text(),
        created=descriptor.at("timestamp").instant(),
        targets=frozenset(_targets(root.at("source"))),
        database=_built(descriptor.at("db")),
        findings=tuple(_finding(match) for match in matches),
    )


def _targets(source: Node) -> list[str]:
    target = source.at("target")
    if isinstance(target.value, str):
        return [target.value]
    names = [target.at(key).text("") for key in ("userInput", "manifestDigest", "imageID")]
    return [name for name in [*names, *(one.text() for one in target.some("repoDigests"))] if name]


def _built(database: Node) -> datetime | None:
    """Return when the data was made; version 6 of the schema keeps it one level deeper."""
    place = database if "built" in database else database.at("status")
    if place.at("valid").value is False or "error" in place:
        raise place.refuse("the vulnerability data is not valid; run `grype db update` and scan again")
    return place.at("built").instant() if "built" in place else None


def _finding(match: Node) -> Finding:
    vulnerability, artifact = match.at("vulnerability"), match.at("artifact")
    return Finding(
        rule=vulnerability.at("id").text(),
        risk=vulnerability.at("severity").choice(RISKS),
        cwes=cwes_in(*(one.at("cwe").text("") for one in vulnerability.some("cwes"))),
        aliases=tuple(one.at("id").text() for one in match.some("relatedVulnerabilities")),
        package=canonicalize_name(artifact.at("name").text()),
        version=artifact.at("version").text(),
        fixed_in=tuple(one.text() for one in vulnerability.at("fix").some("versions")),
    )
