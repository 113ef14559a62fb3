"""`npm audit --json` of npm 7 and later: advisories by package, and how many packages were asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import RISKS, Finding, Report, cwes_in, json_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.importers._json import Node

_KIND = "npm audit report"
_VERSION = 2


def read(text: bytes | str) -> Report:
    """Return the audit. It lists vulnerable packages only, and counts all of them.

    Raises:
        DamagedReportError: not that JSON (npm 6 writes another one, and a failed audit an error), or no package in it.
    """
    root = json_root(text, _KIND)
    if "error" in root:
        raise root.at("error").refuse(
            f"the audit failed: {root.at('error').at('summary').text('')[:200]}; run it again"
        )
    if root.at("auditReportVersion").value != _VERSION:
        raise root.at("auditReportVersion").refuse(f"not version {_VERSION}; audit with npm 7 or later")
    metadata = root.at("metadata")
    packages = root.at("vulnerabilities").members()
    if metadata.at("vulnerabilities").at("total").count() != len(packages):
        raise metadata.refuse("counts other vulnerable packages than it lists; import the whole report")
    total = metadata.at("dependencies").at("total").count()
    if not total:
        raise metadata.refuse("no package was audited; audit the release's own lock file")
    return Report(
        producer="npm audit",
        inspected=total,
        counted=total,
        findings=tuple(finding for node in packages.values() for finding in _findings(node, packages)),
    )


def _findings(node: Node, packages: Mapping[str, Node]) -> Iterator[Finding]:
    """Yield the package's own advisories; one that only stands on a vulnerable package has its name instead."""
    for one in node.at("via").items():
        if isinstance(one.value, dict):
            yield _finding(node, one)
        elif one.text() not in packages:
            raise one.refuse("names a package that is not in the report; import the whole report")


def _finding(node: Node, advisory: Node) -> Finding:
    url = advisory.at("url").text("")
    return Finding(
        rule=url.rpartition("/")[2] or str(advisory.at("source").count()),
        risk=advisory.at("severity").choice(RISKS),
        title=advisory.at("title").text(""),
        cwes=cwes_in(*(cwe.text() for cwe in advisory.some("cwe"))),
        package=canonicalize_name(node.at("name").text()),
        version=advisory.at("range").text(""),
    )
