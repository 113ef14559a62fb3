"""Whether what is installed for an interpreter fits together: the question of `pip check`, without needing pip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.probes.hosts.python_environment import PythonEnvironment


def conflicts(environment: PythonEnvironment) -> tuple[str, ...]:
    """Return every requirement of an installed package that is not met, ready to be read by people.

    Extras are left out, as `pip check` leaves them out: nothing installed says which of them were asked for.
    """
    return tuple(
        complaint
        for name, texts in sorted(environment.requirements.items())
        for text in texts
        for complaint in _complaints(environment, name, text)
    )


def _complaints(environment: PythonEnvironment, name: str, text: str) -> Iterator[str]:
    try:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({**environment.markers, "extra": ""}):
            return
        versions = environment.packages.get(canonicalize_name(needed.name), ())
        if not versions:
            yield f"{name} needs {needed.name}, which is not installed"
        for version in versions:
            if not needed.specifier.contains(version, prereleases=True):
                yield f"{name} needs {needed.name}{needed.specifier}, installed is {version}"
    except (InvalidRequirement, InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
        yield f"{name}: its requirement {text[:80]!r} cannot be read"
