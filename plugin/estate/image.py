"""The image that all hosts share: built once from Debian's packages and the roles' recipes, kept by digest."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate import mounts, processes
from estate.layout import EstateError, locked
from estate.mirrors import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from estate.layout import Layout
    from estate.roles.model import Role

SUITE = "bookworm"
MAX_AGE_HOURS = 24.0
"""Package lists inside are as old as the image; checks of patches want lists of the last two days."""

_VERSION = 1
"""Part of the digest: raise it when this module builds otherwise."""
_SUITES = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")
_NOTHING_STARTS = (
    r"""printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d";"""
    """ chmod +x "$1/usr/sbin/policy-rc.d" """
)
_OPTIONS = (
    "--mode=root",
    "--variant=apt",
    "--format=directory",
    "--quiet",
    "--skip=cleanup/apt/lists",
    '--aptopt=Acquire::Languages "none"',
    "--aptopt=APT::Install-Recommends false",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    f"--essential-hook={_NOTHING_STARTS}",
)
_DIGEST_LENGTH = 16
_STAMP = "built.json"
# What packages switched on is switched off: each host enables what its roles need. And apt need not read all its lists
# anew for everybody who asks it.
_FINISH = """\
find /etc/systemd/system -type l -path '*.wants/*' -delete
rm -f /etc/rc?.d/* /etc/init.d/* /usr/sbin/policy-rc.d /etc/machine-id /etc/ssh/ssh_host_*
rm -f /etc/cron.daily/* /etc/cron.d/*
apt-cache gencaches
"""
_PREPARED = 'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$1" /bin/sh -eu'


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A finished image."""

    digest: str
    root: Path
    built: float
    """Seconds since the epoch."""
    seconds: float
    """How long it took to build."""


def ensure(layout: Layout, roles: Iterable[Role], report: Callable[[str], None] = lambda _: None) -> Image:
    """Return the image of these roles, built now if there is none or it is too old.

    Two builders at once: the second waits for the first and takes its image. An image that is too old is still taken
    if it cannot be built anew, because there is no network, say.

    Raises:
        EstateError: it cannot be built.
    """
    everything = tuple(roles)
    digest = digest_of(everything)
    with locked(layout.images / f"{digest}.lock"):
        existing = _read(layout, digest)
        if existing and time.time() - existing.built < MAX_AGE_HOURS * 3600:
            return existing
        report("image")
        try:
            return _build(layout, everything, digest)
        except EstateError as error:
            if existing is None:
                raise
            report(f"taking the old image: {error}")
            return existing


def digest_of(roles: Iterable[Role]) -> str:
    """Return what tells images apart: packages, recipes and the way of building."""
    recipe = [_VERSION, _SUITES, _OPTIONS, _FINISH, *([role.name, role.packages, role.recipe] for role in roles)]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:_DIGEST_LENGTH]


def remove_others(layout: Layout, keep: str) -> None:
    """Remove images that belong to no estate of this home any more, and what interrupted builds left."""
    for one in layout.images.iterdir():
        if one.is_dir() and one.name.partition(".")[0] != keep:
            _discard(one)


def _read(layout: Layout, digest: str) -> Image | None:
    folder = layout.images / digest
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Image(digest=digest, root=folder / "root", built=stamp["built"], seconds=stamp["seconds"])


def _build(layout: Layout, roles: tuple[Role, ...], digest: str) -> Image:
    started = time.time()
    unfinished = layout.images / f"{digest}.unfinished"
    _discard(unfinished)
    unfinished.mkdir()
    root = unfinished / "root"
    _install(root, sorted({package for role in roles for package in role.packages}))
    for role in roles:
        if role.recipe:
            _run_inside(root, role.recipe, f"the recipe of {role.name}")
    _run_inside(root, _FINISH, "finishing")
    stamp = {"built": started, "seconds": time.time() - started}
    (unfinished / _STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    finished = layout.images / digest
    _discard(finished)
    unfinished.rename(finished)
    return Image(digest=digest, root=finished / "root", built=stamp["built"], seconds=stamp["seconds"])


def _install(root: Path, packages: list[str]) -> None:
    command = ["mmdebstrap", *_OPTIONS, f"--include={','.join(packages)}", SUITE, str(root), "-"]
    _run(command, "\n".join(sources(_SUITES)) + "\n", "mmdebstrap")


def _run_inside(root: Path, script: str, what: str) -> None:
    alone = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation=private"]
    _run([*alone, "/bin/sh", "-euc", _PREPARED, "sh", str(root)], script, what)


def _run(command: list[str], stdin: str, what: str) -> None:
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode:
        raise EstateError(f"the image cannot be built: {what} failed with {ran.returncode}:\n{_tail(ran.stderr)}")


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])


def _discard(folder: Path) -> None:
    if not folder.exists():
        return
    processes.end_all(lambda: processes.rooted_below(folder))
    mounts.unmount_below(folder)
    shutil.rmtree(folder)
