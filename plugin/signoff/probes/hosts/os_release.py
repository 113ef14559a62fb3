"""Which release of which distribution a host runs, and until when that gets security updates."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE_OF = date(2026, 11, 1)
"""When the table was last compared with what the distributions announce."""

SUPPORT_ENDS: Mapping[str, date] = {
    "almalinux 8": date(2029, 3, 1),
    "almalinux 9": date(2032, 5, 31),
    "almalinux 10": date(2035, 5, 31),
    "alpine 3.19": date(2025, 11, 1),
    "alpine 3.20": date(2026, 4, 1),
    "alpine 3.21": date(2026, 11, 1),
    "alpine 3.22": date(2027, 5, 1),
    "amzn 2": date(2026, 6, 30),
    "amzn 2023": date(2029, 6, 30),
    "centos 7": date(2024, 6, 30),
    "centos 8": date(2024, 5, 31),
    "centos 9": date(2027, 5, 31),
    "debian 10": date(2024, 6, 30),
    "debian 11": date(2026, 8, 31),
    "debian 12": date(2028, 6, 30),
    "debian 13": date(2030, 6, 30),
    "ol 8": date(2029, 7, 31),
    "ol 9": date(2032, 6, 30),
    "rhel 7": date(2024, 6, 30),
    "rhel 8": date(2029, 5, 31),
    "rhel 9": date(2032, 5, 31),
    "rhel 10": date(2035, 5, 31),
    "rocky 8": date(2029, 5, 31),
    "rocky 9": date(2032, 5, 31),
    "rocky 10": date(2035, 5, 31),
    "ubuntu 20.04": date(2025, 5, 31),
    "ubuntu 22.04": date(2027, 4, 30),
    "ubuntu 24.04": date(2029, 4, 30),
}
"""Last day with free security updates (Debian: those of its long-term support) by `ID VERSION` of os-release."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OsRelease:
    """What a host says of itself in os-release."""

    id: str
    """Machine name, such as `debian`."""
    version: str
    """Such as `12`; empty for rolling and unreleased systems."""
    title: str

    def support_ends(self, table: Mapping[str, date]) -> date | None:
        """Return the last day with security updates; None: the table does not know this release."""
        # 9.4 is a state of release 9, but 22.04 is a release: the most exact entry counts.
        names = (f"{self.id} {self.version}", f"{self.id} {self.version.partition('.')[0]}")
        minor = f"{self.id} {'.'.join(self.version.split('.')[:2])}"
        return next((table[name] for name in (names[0], minor, names[1]) if name in table), None)


def read_os_release(host: Any) -> OsRelease:
    """Return what a connected testinfra host says of itself.

    Raises:
        NotVerifiedError: it has no os-release, or one without an ID.
    """
    return parse_os_release(host.check_output("cat /etc/os-release"))


def parse_os_release(text: str) -> OsRelease:
    """Return the facts of an os-release file; see `read_os_release` for errors."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text, comments=True)]
    except ValueError as error:
        raise NotVerifiedError(f"/etc/os-release cannot be read: {error}") from error
    values = {name: value for name, _, value in pairs}
    if not values.get("ID"):
        raise NotVerifiedError("/etc/os-release names no ID; check the release of this system by a test of its own")
    version = values.get("VERSION_ID", "")
    return OsRelease(
        id=values["ID"].lower(), version=version, title=values.get("PRETTY_NAME") or f"{values['ID']} {version}".strip()
    )
