"""What a server is: processors, memory and file systems, read by one command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS: Mapping[str, str] = {
    "os": "uname -sr",
    "cpus": "getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu",
    "memory": "cat /proc/meminfo 2>/dev/null || sysctl -n hw.memsize",
    "mounts": "cat /proc/mounts 2>/dev/null || mount",
    "space": "df -P -k",
    "inodes": "df -P -i 2>/dev/null || df -i",
}
_NO_STORAGE = frozenset(
    [
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fusectl",
        "fuse.gvfsd-fuse",
        "fuse.lxcfs",
        "fuse.portal",
        "hugetlbfs",
        "iso9660",
        "mqueue",
        "nsfs",
        "overlay",
        "proc",
        "pstore",
        "ramfs",
        "rpc_pipefs",
        "securityfs",
        "squashfs",
        "sysfs",
        "tmpfs",
        "tracefs",
    ]
)
"""Types that hold no data of ours, or are full by nature; an `overlay` counts only as the root of a container."""
_PROC_MOUNTS_COLUMNS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSystem:
    """One mounted file system; ratios are what is left for an unprivileged program."""

    mount: str
    type: str
    """Empty where the system does not say."""
    size: int
    """Bytes."""
    free: float
    inodes_free: float | None
    """None: the file system has no fixed number of inodes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    """One server at one moment."""

    system: str
    """Kernel name and release."""
    cpus: int
    memory: int
    """Bytes, as the kernel reports them: what firmware and kernel keep is missing."""
    file_systems: tuple[FileSystem, ...]


def read_facts(host: Any, *, mounts: tuple[str, ...] = ()) -> ServerFacts:
    """Return the facts of a connected testinfra host.

    Args:
        host: The host.
        mounts: Mount points to report even if their type usually holds no data.

    Raises:
        NotVerifiedError: a number is missing, or no file system was seen.
    """
    script = "; ".join(f"echo '@@{name}'; {{ {command}; }}" for name, command in _SECTIONS.items())
    return parse_facts(host.run(f"{{ {script}; }} 2>&1").stdout, mounts=mounts)


def parse_facts(text: str, *, mounts: tuple[str, ...] = ()) -> ServerFacts:
    """Return the facts from the output of the one command; see `read_facts` for errors."""
    parts = re.split(r"^@@(\w+)\n", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    types = _mount_types(sections.get("mounts", ""))
    # Other systems print blocks and inodes in one table; without the known heading their inodes stay unknown.
    table = sections.get("inodes", "")
    inodes = {mount: free for mount, _, free in _df_rows(table)} if "Inodes" in table else {}
    file_systems = tuple(
        FileSystem(mount=mount, type=types.get(mount, ""), size=size, free=free, inodes_free=inodes.get(mount))
        for mount, size, free in _df_rows(sections.get("space", ""))
        if free is not None and (mount in mounts or mount == "/" or _holds_data(types, mount))
    )
    if not file_systems:
        said = _last_line(sections, "space")
        raise NotVerifiedError(f"no file system seen; check that df works for this account: {said}")
    linux = "MemTotal" in sections.get("memory", "")
    return ServerFacts(
        system=_last_line(sections, "os"),
        cpus=_number(sections, "cpus", r"^(\d+)$"),
        memory=_number(sections, "memory", r"^MemTotal:\s+(\d+) kB$" if linux else r"^(\d+)$") * (1024 if linux else 1),
        file_systems=file_systems,
    )


def _mount_types(text: str) -> dict[str, str]:
    """Return type by mount point from /proc/mounts, whose last line for a point is what is visible there."""
    rows = (line.split(" ") for line in text.splitlines())
    return {row[1].replace("\\040", " "): row[2] for row in rows if len(row) == _PROC_MOUNTS_COLUMNS}


def _holds_data(types: Mapping[str, str], mount: str) -> bool:
    return types.get(mount, "") not in _NO_STORAGE and not mount.startswith(("/dev", "/proc", "/sys", "/System/"))


def _df_rows(text: str) -> list[tuple[str, int, float | None]]:
    """Return mount point, total bytes (or inodes) and free ratio of each line of df."""
    rows: list[tuple[str, int, float | None]] = []
    for line in text.splitlines():
        match = re.match(r"^\S.*?\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)\s+\S+\s+(/.*)$", line)
        if match is None:
            continue
        total, used, free = (0 if field == "-" else int(field) for field in match.groups()[:3])
        rows.append((match[4], total * 1024, free / (used + free) if total and used + free else None))
    return rows


def _last_line(sections: Mapping[str, str], name: str) -> str:
    lines = sections.get(name, "").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def _number(sections: Mapping[str, str], name: str, pattern: str) -> int:
    match = re.search(pattern, sections.get(name, ""), re.MULTILINE)
    if match is None:
        raise NotVerifiedError(f"{name} could not be read: {_last_line(sections, name)}")
    return int(match[1])
