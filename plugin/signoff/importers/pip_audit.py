"""pip-audit's JSON: which packages were looked up, which could not be, and what is known against them."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import canonicalize_name

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

_KIND = "pip-audit report"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vulnerability:
    """One advisory against one installed version."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        """Return `package version: ID, fixed in …`."""
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fixed version"
        return f"{self.package} {self.version}: {self.id}, {fix}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PipAuditReport:
    """An audit: `skipped` names packages that nobody looked up, which is not the same as clean."""

    audited: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    """Name and the tool's reason."""
    vulnerabilities: tuple[Vulnerability, ...]


def read(text: bytes | str) -> PipAuditReport:
    """Return the audit.

    Raises:
        NotVerifiedError: not pip-audit's JSON, or no package in it.
    """
    dependencies = Node.parse(text, kind=_KIND).at("dependencies").items()
    if not dependencies:
        raise NotVerifiedError(f"{_KIND}: no package in it; audit the environment that is deployed")
    skipped = [node for node in dependencies if "skip_reason" in node]
    audited = [node for node in dependencies if "skip_reason" not in node]
    return PipAuditReport(
        audited=tuple((_name(node), node.at("version").text()) for node in audited),
        skipped=tuple((_name(node), node.at("skip_reason").text()[:200]) for node in skipped),
        vulnerabilities=tuple(_vulnerability(node, entry) for node in audited for entry in node.at("vulns").items()),
    )


def _name(node: Node) -> str:
    return canonicalize_name(node.at("name").text())


def _vulnerability(node: Node, entry: Node) -> Vulnerability:
    return Vulnerability(
        package=_name(node),
        version=node.at("version").text(),
        id=entry.at("id").text(),
        aliases=tuple(alias.text() for alias in entry.at("aliases").items()) if "aliases" in entry else (),
        fixed_in=tuple(fix.text() for fix in entry.at("fix_versions").items()) if "fix_versions" in entry else (),
    )
