"""Run one program as "nobody", keeping every permission: PostgreSQL refuses root, and users without a name.

Used as `python unprivileged.py PROGRAM ARGUMENT...`, in containers and CI. A user namespace maps a harmless user id
onto ours, so files stay owned by whoever started the environment and no directory has to be opened up. Standard
library only and no import of this product, so that it costs a few milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534


def is_needed() -> bool:
    """Return whether we are somebody as whom PostgreSQL does not run."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return os.geteuid() == 0


def enter_namespace() -> None:
    """Become "nobody" for ourselves while staying who we are for the files.

    Raises:
        OSError: the system does not allow user namespaces.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1", encoding="ascii")


def main(argv: list[str]) -> None:
    """Replace this process by the program."""
    try:
        enter_namespace()
    except OSError as error:
        raise SystemExit(
            f"PostgreSQL runs neither as root nor as a user without a name, and user namespaces are not available "
            f"here ({error.strerror}); run `signoff demo` as an ordinary user"
        ) from error
    os.execv(argv[0], argv)  # noqa: S606 - replacing ourselves is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
