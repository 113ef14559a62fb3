"""A configuration file on a host: who may write it, what its own program says of it, and a digest to compare it by."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOML = "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))"
VALIDATORS: Mapping[str, tuple[str, ...]] = {
    "nginx": ("nginx", "-t", "-q", "-c"),
    "haproxy": ("haproxy", "-c", "-q", "-f"),
    "apache": ("apachectl", "-t", "-f"),
    "sshd": ("sshd", "-t", "-f"),
    "sudoers": ("visudo", "-c", "-q", "-f"),
    "named": ("named-checkconf",),
    "unbound": ("unbound-checkconf",),
    "rsyslog": ("rsyslogd", "-N1", "-f"),
    "prometheus": ("promtool", "check", "config"),
    "alertmanager": ("amtool", "check-config"),
    "json": ("python3", "-m", "json.tool"),
    "toml": ("python3", "-c", _TOML),
    "shell": ("sh", "-n"),
}
"""Commands that read a file and change nothing; its path follows."""
_CANNOT_RUN = frozenset({126, 127})
_CANNOT_LOOK = re.compile(
    r"permission denied|operation not permitted|a password is required|no module named", re.IGNORECASE
)
_SHOWN = 200
_FOUND = "LC_ALL=C stat -L -c '%%a %%U' -- %s && { printf %%s %s; cat -- %s; } | sha256sum"
_TWO_LINES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """One configuration file as it lies on the host; its content stays there."""

    path: str
    exists: bool
    mode: int = 0
    owner: str = ""
    digest: str = ""
    """Keyed digest of the content, computed on the host: equal between hosts exactly if the contents are."""
    complaint: str = ""
    """First words of the validator that refused it, without anything in quotes; empty: it did not."""

    def wider_than(self, mode: int) -> bool:
        """Return whether anybody may do more with the file than the mode allows."""
        return bool(self.mode & ~mode)


def read(  # noqa: PLR0913 - one file, and everything that the inventory says of it
    host: Any, path: str, *, key: str, validator: str = "none", program: str = "", sudo: bool = False
) -> ConfigFile:
    """Return the facts about the file; a relative path starts at the login folder.

    Args:
        host: testinfra Host.
        path: The file.
        key: Random text of this run; the same for all files that are to be compared.
        validator: One of `VALIDATORS`, or `none`.
        program: The validator's program, if it is not on the path.
        sudo: Whether the validator needs `sudo -n`.

    Raises:
        NotVerifiedError: the file cannot be read, or the validator is missing or may not look.
    """
    result = host.run(_FOUND, path, key, path)
    lines = result.stdout.splitlines()
    if "No such file" in result.stderr:
        return ConfigFile(path=path, exists=False)
    if result.rc != 0 or result.stderr.strip() or len(lines) != _TWO_LINES:
        reason = (result.stderr.strip().splitlines() or [f"exit status {result.rc}"])[0]
        raise NotVerifiedError(f"{path}: {reason}; let the checking account read it")
    mode, _, owner = lines[0].partition(" ")
    complaint = "" if validator == "none" else _ask(host, path, command(path, validator, program), sudo=sudo)
    return ConfigFile(
        path=path, exists=True, mode=int(mode, 8), owner=owner, digest=lines[1].split()[0], complaint=complaint
    )


def command(path: str, validator: str, program: str = "") -> str:
    """Return the validator's command for the file, as it may also stand in sudoers."""
    name, *arguments = VALIDATORS[validator]
    return shlex.join([program or name, *arguments, path])


def _ask(host: Any, path: str, line: str, *, sudo: bool) -> str:
    # Programs of administrators lie where ordinary accounts do not look.
    prefix = "sudo -n " if sudo else 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C '
    result = host.run(prefix + line)
    if result.rc == 0:
        return ""
    said = (result.stderr.strip() or f"exit status {result.rc}").splitlines()
    if result.rc in _CANNOT_RUN or _CANNOT_LOOK.search(result.stderr):
        raise NotVerifiedError(
            f"{path}: {said[-1][:_SHOWN]}; install {shlex.split(line)[0]}, or let the checking account run it:"
            f" sudo: true, and `{line}` in signoff.sudo"
        )
    return _without_values(said)


def _without_values(lines: list[str]) -> str:
    """Return the first complaint that names a line; what stands in quotes could be a secret of the file."""
    line = next((one for one in lines if re.search(r"[:\[ ]\d+", one)), lines[0])
    return re.sub(r"\"[^\"]*\"|'[^']*'", "…", line.strip())[:_SHOWN]


def differing(files: Mapping[str, ConfigFile]) -> tuple[str, ...]:
    """Return the hosts whose file is not that of the majority; empty if all are the same."""
    hosts_of: dict[str, list[str]] = {}
    for host, file in files.items():
        hosts_of.setdefault(file.digest if file.exists else "", []).append(host)
    _, *others = sorted(hosts_of.values(), key=len, reverse=True)
    return tuple(sorted(host for group in others for host in group))
