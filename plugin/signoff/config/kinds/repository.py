"""Inventory entry of a source repository: what the release was built from and what proves that it deploys."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class Deployment(Strict):
    """The scripts that put a release into place, and the record of their last rehearsal."""

    scripts: tuple[str, ...] = Field(description="Paths within the repository.")
    record: str = Field(default="", description="Record of the rehearsal on staging (JSON).")
    max_age: Duration = timedelta(days=30)
    deploy_within: Duration = timedelta(minutes=30)
    rollback_within: Duration = timedelta(minutes=15)


class RepositoryService(Service):
    """One git repository, cloned where the checks run."""

    kind: Literal["repository"] = "repository"
    path: str = Field(description="Directory of the clone.")
    branch: str = Field(default="main", description="Branch that releases are cut from.")
    lockfile: str = Field(
        default="", description="poetry.lock, uv.lock, pylock.toml or requirements, in the repository."
    )
    openapi: str = Field(default="", description="OpenAPI document in the repository.")
    deployment: Deployment | None = None
    sample_secrets: tuple[str, ...] = Field(
        default=(), description="Patterns of files with made-up secrets, such as tests/*; not searched for real ones."
    )

    @property
    def address(self) -> str:
        """The clone's directory."""
        return self.path
