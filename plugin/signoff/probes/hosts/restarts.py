"""What waits for a restart: the host itself, its kernel, and services that still use replaced libraries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import sections

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NEEDRESTART = "needrestart -b -r l"
"""Lists what it would restart and restarts nothing; without root it sees the account's own processes only."""
_QUESTIONS: Mapping[str, str] = {
    "required": "if test -e /run/reboot-required; then echo required; cat /run/reboot-required.pkgs 2>/dev/null; fi; :",
    "running": "uname -r",
    "installed": "ls -1 /boot | sed -n 's/^vmlinuz-//p' | grep -v -e rescue | sort -V; :",
    "container": "systemd-detect-virt -q --container || test -e /.dockerenv || test -e /run/.containerenv",
    "needrestart": "command -v needrestart",
}
_SERVICE = re.compile(r"^NEEDRESTART-SVC: (\S+)$", re.MULTILINE)
_KERNEL = re.compile(r"^NEEDRESTART-KSTA: (\d)$", re.MULTILINE)
_FLAVOUR = re.compile(r"^[\d.]+-[\d.]+-?|^[\d.]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartFacts:
    """One host at one moment."""

    reboot_required: tuple[str, ...]
    """Packages that asked for a reboot, or a word that somebody did; empty: nobody."""
    running_kernel: str
    newest_kernel: str
    """The newest installed one of the running one's kind; empty: none is installed, as in a container."""
    services: tuple[str, ...] | None
    """Services that run replaced programs or libraries; None: needrestart is not installed, so nothing knows."""

    @property
    def kernel_waits(self) -> bool:
        """Whether the running kernel is not the newest installed one."""
        return bool(self.newest_kernel) and self.newest_kernel != self.running_kernel


def read_restarts(host: Any, sudo: Collection[str]) -> RestartFacts:
    """Return the facts of a connected testinfra host.

    Args:
        host: The host.
        sudo: What the inventory allows to follow `sudo -n` there.

    Raises:
        NotVerifiedError: needrestart is installed and may not be asked with root's rights.
    """
    answers = sections.parse(host.run(sections.script(_QUESTIONS)).stdout)
    if missing := _QUESTIONS.keys() - answers.keys():
        raise NotVerifiedError(f"the host did not say: {', '.join(sorted(missing))}")
    if answers["needrestart"].status != 0:
        return parse_restarts(answers, None)
    path = answers["needrestart"].text.strip()
    command = f"{path} -b -r l"
    if not {command, NEEDRESTART} & set(sudo):
        raise NotVerifiedError(
            f"needrestart is installed, and only root learns from it what runs replaced libraries: list"
            f" `{command}` as signoff: {{sudo: […]}} and in sudoers: ACCOUNT ALL=(root) NOPASSWD: {command}"
        )
    return parse_restarts(answers, host.check_output(f"sudo -n {command}"))


def parse_restarts(answers: Mapping[str, sections.Section], needrestart: str | None) -> RestartFacts:
    """Return the facts from the answers and needrestart's batch output; None: it is not installed."""
    running = answers["running"].text.strip()
    # A container runs its host's kernel; one that happens to be in its /boot is never started.
    installed = answers["installed"].text.split() if answers["container"].status != 0 else []
    same_kind = [one for one in installed if _flavour(one) == _flavour(running)]
    newest = (same_kind or installed or [""])[-1]
    words = answers["required"].text.split()
    if needrestart is not None and not _KERNEL.search(needrestart):
        raise NotVerifiedError(f"needrestart gave no answer that is understood: {needrestart[:100]!r}")
    return RestartFacts(
        reboot_required=tuple(words[1:] or words),
        running_kernel=running,
        newest_kernel=newest,
        services=None if needrestart is None else tuple(_SERVICE.findall(needrestart)),
    )


def _flavour(kernel: str) -> str:
    return _FLAVOUR.sub("", kernel)
