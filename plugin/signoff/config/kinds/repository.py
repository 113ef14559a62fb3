"""Inventory entry of a source repository: what the release was built from and what proves that it deploys."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class Signers(Strict):
    """Who may sign the release's tag."""

    ssh: str = Field(default="", description="File of allowed signers, as ssh-keygen reads it.")
    pgp: str = Field(default="", description="File of the signers' public keys, as gpg exports them.")
    tag: str = Field(default="", description="Name of the release's tag; empty: every tag on its commit counts.")

    @model_validator(mode="after")
    def _somebody_may_sign(self) -> Signers:
        if not self.ssh and not self.pgp:
            raise ValueError("no signer; name a file in ssh, in pgp, or in both")
        return self


class Deployment(Strict):
    """The scripts that put a release into place, and the record of their last rehearsal."""

    scripts: tuple[str, ...] = Field(
        description="Paths within the repository: shell scripts, Ansible playbooks (.yml, .yaml), and folders of"
        " Terraform (*.tf) or of a Helm chart (Chart.yaml)."
    )
    shellcheck: bool = Field(default=True, description="Whether shellcheck, too, must find nothing in shell scripts.")
    severity: Literal["error", "warning", "info", "style"] = Field(
        default="warning", description="Least severity of shellcheck's findings that counts."
    )
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
    project: str = Field(default="pyproject.toml", description="What the lock file was made from, in the repository.")
    openapi: str = Field(default="", description="OpenAPI document in the repository.")
    signers: Signers | None = Field(default=None, description="Who may sign the release's tag.")
    manifest: str = Field(
        default="", description="Manifest of the release (JSON): version, commit, and digests of what was built."
    )
    deployment: Deployment | None = None
    sample_secrets: tuple[str, ...] = Field(
        default=(), description="Patterns of files with made-up secrets, such as tests/*; not searched for real ones."
    )

    @property
    def address(self) -> str:
        """The clone's directory."""
        return self.path
