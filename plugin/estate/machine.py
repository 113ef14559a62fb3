"""Whether this machine can carry an estate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from estate import cgroups

PACKAGES = "mmdebstrap systemd-container util-linux iproute2 mount openssh-client debian-archive-keyring"
"""What Debian calls all that the estate needs of the machine."""

_PROGRAMS = ("mmdebstrap", "systemd-nspawn", "nsenter", "unshare", "ip", "mount", "chroot", "ssh")
_PYTHON = (3, 11)


def obstacle() -> str | None:
    """Return in one line why no estate can run on this machine, and what to do; None: it can."""
    if os.geteuid() != 0:
        return "the estate needs root: hosts with addresses, mounts and control groups of their own"
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} missing; Debian: apt-get install --no-install-recommends {PACKAGES}"
    if sys.version_info[:2] != _PYTHON:
        return f"the hosts' application is installed from this Python, and needs Python {_PYTHON[0]}.{_PYTHON[1]}"
    # In a container without privileges root may be anything but root.
    command = ("unshare", "--mount", "--net", "true")
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"this machine lets root make no namespaces: {tried.stderr.strip()}"
    if not cgroups.is_possible():
        return "this machine has no writable control groups, which systemd needs"
    return None
