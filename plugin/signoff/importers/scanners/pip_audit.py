"""pip-audit's JSON: which packages were looked up, which could not be, and what is known against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import Finding, Report, cwes_in, json_root

if TYPE_CHECKING:
    from signoff.importers._json import Node

_KIND = "pip-audit report"


def read(text: bytes | str) -> Report:
    """Return the audit; a skipped package was looked up by nobody, which is not the same as clean.

    Raises:
        DamagedReportError: not pip-audit's JSON, or no package in it.
    """
    root = json_root(text, _KIND)
    dependencies = root.at("dependencies").items()
    if not dependencies:
        raise root.refuse("no package in it; audit the environment that is deployed")
    skipped = [node for node in dependencies if "skip_reason" in node]
    audited = [node for node in dependencies if "skip_reason" not in node]
    return Report(
        producer="pip-audit",
        inspected=len(audited),
        skipped=tuple(f"{_name(node)}: {node.at('skip_reason').text()[:200]}" for node in skipped),
        components=frozenset((_name(node), node.at("version").text()) for node in audited),
        findings=tuple(_finding(node, entry) for node in audited for entry in node.at("vulns").items()),
    )


def _name(node: Node) -> str:
    return canonicalize_name(node.at("name").text())


def _finding(node: Node, entry: Node) -> Finding:
    return Finding(
        rule=entry.at("id").text(),
        risk=None,
        package=_name(node),
        version=node.at("version").text(),
        cwes=cwes_in(entry.at("description").text("")),
        aliases=tuple(alias.text() for alias in entry.some("aliases")),
        fixed_in=tuple(fix.text() for fix in entry.some("fix_versions")),
    )
