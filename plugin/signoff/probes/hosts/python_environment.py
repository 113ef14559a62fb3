"""Facts about the packages that one Python interpreter on a host would import."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from signoff.importers.locks.locked import LockedPackage

# Runs on the host, by the interpreter in question; standard library only, and nothing is written there.
_SCRIPT = """
import importlib.metadata as m, json, os, platform, sys
def full(v):
    return "%d.%d.%d" % v[:3] + ("" if v[3] == "final" else v[3][0] + str(v[4]))
print(json.dumps({
    "environment": {
        "implementation_name": sys.implementation.name,
        "implementation_version": full(sys.implementation.version),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
    "packages": [
        [d.metadata["Name"], d.version, str(d.locate_file("")), list(d.requires or ())] for d in m.distributions()
    ],
}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonEnvironment:
    """What one interpreter sees."""

    interpreter: str
    markers: Mapping[str, str]
    """Values of the environment markers (PEP 508)."""
    packages: Mapping[str, tuple[str, ...]]
    """Normal name to version; two versions are the remains of a broken upgrade."""
    broken: int
    """Installations whose own record has no name."""
    requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Normal name to what the package itself says that it needs (PEP 508)."""

    @property
    def version(self) -> str:
        """The interpreter's version."""
        return self.markers.get("python_full_version", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Differences:
    """How an environment departs from its lock file; each entry is ready to be read by people."""

    missing: tuple[str, ...]
    different: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def count(self) -> int:
        """All of them together."""
        return len(self.missing) + len(self.different) + len(self.extra)


def read(host: Any, interpreter: str) -> PythonEnvironment:
    """Ask the interpreter; a relative path starts at the login folder.

    Raises:
        NotVerifiedError: no such interpreter, it does not run, is older than 3.8, or sees no package.
    """
    # -I: neither variables nor the current folder nor user packages change what is seen; -B: no cache is written.
    result = host.run(f"{shlex.quote(interpreter)} -I -B -c {shlex.quote(_SCRIPT)}")
    if result.rc != 0:
        lines = result.stderr.strip().splitlines() or [f"exit status {result.rc}"]
        raise NotVerifiedError(f"{interpreter}: {lines[-1][:200]}; correct signoff.python in hosts.yaml")
    try:
        answer = json.loads(result.stdout.strip().splitlines()[-1])
        markers, rows = dict(answer["environment"]), list(answer["packages"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NotVerifiedError(f"{interpreter}: its answer cannot be read; is this a Python interpreter?") from error
    packages, requirements, broken = _importable(rows)
    if not packages:
        raise NotVerifiedError(f"{interpreter}: no package is installed; is this the application's interpreter?")
    return PythonEnvironment(
        interpreter=interpreter, markers=markers, packages=packages, broken=broken, requirements=requirements
    )


def _importable(
    rows: Sequence[Sequence[Any]],
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], int]:
    """Return versions and requirements by name: the first folder on the path wins, later ones are hidden by it."""
    folder_of: dict[str, str] = {}
    versions: dict[str, tuple[str, ...]] = {}
    requirements: dict[str, tuple[str, ...]] = {}
    broken = 0
    for name, version, folder, needed in rows:
        if not name or not version:
            broken += 1
            continue
        normal = canonicalize_name(name)
        if folder_of.setdefault(normal, str(folder)) == folder:
            versions[normal] = (*versions.get(normal, ()), version)
            requirements[normal] = tuple(map(str, needed))
    return versions, requirements, broken


def differences(
    environment: PythonEnvironment, lock: Collection[LockedPackage], ignore: Collection[str] = ()
) -> Differences:
    """Compare what is installed with what is locked, leaving out the ignored names."""
    ignored = {canonicalize_name(name) for name in ignore}
    wanted: dict[str, list[str]] = {}
    for package in lock:
        wanted.setdefault(package.name, []).append(package.version)
    missing, different = [], []
    for name, versions in sorted(wanted.items()):
        installed = environment.packages.get(name)
        if name in ignored:
            continue
        if installed is None:
            missing.append(f"{name} {'/'.join(versions)}".strip())
        elif not all(any(_same(one, version) for version in versions) for one in installed):
            different.append(f"{name} {'+'.join(installed)}, locked {'/'.join(versions)}")
    extra = sorted(environment.packages.keys() - wanted.keys() - ignored)
    return Differences(
        missing=tuple(missing),
        different=tuple(different),
        extra=tuple(f"{name} {'+'.join(environment.packages[name])}" for name in extra),
    )


def _same(installed: str, wanted: str) -> bool:
    if not wanted:
        return True
    try:
        return Version(installed) == Version(wanted)
    except InvalidVersion:
        return installed == wanted
