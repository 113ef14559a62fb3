"""Runs a script of this folder in namespaces of its own: whatever it starts or mounts ends with it, even by SIGKILL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path("/mnt")
"""Scratch memory that only the sandbox sees; the farm's hosts see it too."""
_INSIDE = "SIGNOFF_BENCH_SANDBOX"
_NEEDED = {"/usr/sbin/sshd": "openssh-server", "/usr/sbin/nginx": "nginx-light", "/usr/sbin/ip": "iproute2"}


def enter() -> None:
    """Start this script again in new network, mount and process namespaces, unless it already runs there.

    The sandbox has no way out: nothing in it can reach the network, and the machine's own sshd, `/run` and `~/.ssh`
    are neither seen nor touched.
    """
    if os.environ.pop(_INSIDE, "") == str(os.getpid()):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for folder in (str(FOLDER), "/run"):
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
        Path("/run/sshd").mkdir()
        return
    if os.geteuid() != 0 or not shutil.which("unshare"):
        sys.exit("this measurement needs root on Linux (network namespaces)")
    if missing := [package for path, package in _NEEDED.items() if not Path(path).exists()]:
        sys.exit(f"missing programs; install them: apt-get install {' '.join(missing)}")
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.environ[_INSIDE] = "1"  # the first process of its own process namespace
    os.execvp(  # noqa: S606 - no shell is wanted
        "unshare",
        ["unshare", *flags, sys.executable, *sys.argv],
    )
