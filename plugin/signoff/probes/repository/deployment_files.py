"""Which programs read a deployment file, told by what it is: shell, an Ansible playbook, Terraform, a Helm chart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from signoff.probes.hosts.shell_script import read
from signoff.probes.repository import linters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The files of the release, read when they are needed."""

    paths: Sequence[str]
    read: Callable[[str], bytes]
    severity: str
    """Least severity of shellcheck's findings that counts."""

    def below(self, folder: str) -> dict[str, bytes]:
        """Return the files of a folder by path."""
        beginning = f"{folder.rstrip('/')}/"
        return {path: self.read(path) for path in self.paths if path.startswith(beginning)}


def readers(release: Release, path: str, *, shellcheck: bool) -> Iterator[tuple[str, Callable[[], Sequence[str]]]]:
    """Yield each program that reads the file, and a function that returns its complaints.

    Raises (the functions):
        NotVerifiedError: the program is not installed, or the file is of a kind that none of them reads.
    """
    folder = release.below(path)
    if f"{path.rstrip('/')}/Chart.yaml" in folder:
        yield "helm lint", partial(linters.helm, path.rstrip("/"), folder)
    elif any(name.endswith(".tf") for name in folder):
        yield "terraform validate", partial(linters.terraform, path.rstrip("/"), folder)
    elif PurePosixPath(path).suffix in {".yml", ".yaml"}:
        yield "ansible-playbook --syntax-check", partial(_playbook, release, path)
    else:
        yield "its shell", partial(_shell, path, release)
        if shellcheck:
            yield "shellcheck", partial(_shellcheck, path, release)


def _playbook(release: Release, path: str) -> Sequence[str]:
    folder = str(PurePosixPath(path).parent)
    beside = release.below(folder) if folder != "." else {one: release.read(one) for one in release.paths}
    return linters.ansible(path, beside | {path: release.read(path)})


def _shell(path: str, release: Release) -> Sequence[str]:
    script = read(path, release.read(path))
    if script.syntax_error:
        return (script.syntax_error,)
    return () if script.stops_at_errors else ("no set -e",)


def _shellcheck(path: str, release: Release) -> Sequence[str]:
    read(path, release.read(path))  # what is no shell script is not shellcheck's to judge
    return linters.shellcheck(path, release.read(path), severity=release.severity)
