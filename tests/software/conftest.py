"""What all software checks talk about: the source of the release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.repository import RepositoryService
    from signoff.probes.repository.git import Repository


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository and the release's commit in it."""

    name: str
    settings: RepositoryService
    repository: Repository
    commit: str

    def read(self, path: str) -> bytes:
        """Return a file as it is in the release."""
        return self.repository.read(self.commit, path)


@pytest.fixture
def source_of(inventory: Inventory, workspace_path: Callable[[str], Path]) -> Callable[[str], Source]:
    """Return a function from the name of a repository service to its source at the release."""
    from signoff.probes.repository.git import Repository

    def find(name: str) -> Source:
        settings: Any = inventory.service(name)
        clone = Repository(path=workspace_path(settings.path))
        return Source(name=name, settings=settings, repository=clone, commit=inventory.policy.commit)

    return find
