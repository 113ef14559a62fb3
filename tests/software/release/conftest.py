"""What checks of a release's origin talk about: its tag's signature, its CI run, and the digests of what was built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.ci import CiService
    from signoff.config.kinds.workload import WorkloadService
    from signoff.importers.release_manifest import ReleaseManifest
    from signoff.importers.runs.ci_record import CiRun
    from signoff.probes.cloud.kubernetes_images import RunningImage
    from signoff.probes.repository.signature import Signature
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def signatures(target: BoundTarget, source_of: Callable[[str], Any], workspace_path: Callable[[str], Path]) -> Any:
    """Return what is known of each tag on the release's commit."""
    from signoff import not_verified
    from signoff.probes.repository.signature import verify

    source = source_of(target.name)
    signers = source.settings.signers
    if signers is None:
        not_verified(f"{target.name}: nobody may sign its tags; name signers for it in services.yaml")
    tags = source.repository.tags(source.commit)
    wanted = [tag for tag in tags if signers.tag in {"", tag}]
    files = {
        "ssh_signers": workspace_path(signers.ssh) if signers.ssh else None,
        "pgp_keys": workspace_path(signers.pgp) if signers.pgp else None,
    }
    found: tuple[Signature, ...] = tuple(verify(source.repository, tag, **files) for tag in wanted)
    return found


@pytest.fixture
def ci_run(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> CiRun:
    """Return what the current CI service says of the release's commit, if it is about that commit and recent."""
    from signoff.importers.admissible import require_recent, require_release

    settings: CiService = target.settings
    commit = inventory.policy.commit
    run = _ci_record(settings, workspace_path) if settings.provider == "record" else _ci_answer(settings, commit)
    require_release(f"{target.name}: the CI run", run.commit, commit)
    if run.finished is not None:  # a run that goes on still says which jobs are open
        require_recent(f"{target.name}: the CI run", run.finished, evaluated_at, settings.max_age)
    return run


def _ci_record(settings: CiService, workspace_path: Callable[[str], Path]) -> CiRun:
    from signoff.importers.admissible import read_file
    from signoff.importers.runs.ci_record import read

    return read(read_file(workspace_path(settings.record)))


def _ci_answer(settings: CiService, commit: str) -> CiRun:
    from signoff.probes.products import ci
    from signoff.probes.web.http import Session

    token = settings.token.get_secret_value() if settings.token else ""
    is_github = settings.provider == "github"
    sent = {"Authorization": f"Bearer {token}"} if is_github else {"PRIVATE-TOKEN": token}
    ask = ci.github if is_github else ci.gitlab
    ca_file = settings.ca_file or None
    with Session(origins=[settings.api], ca_file=ca_file, headers=sent if token else {}) as session:
        return ask(session, settings.api, settings.project, commit)


@pytest.fixture
def manifest_of(inventory: Inventory, workspace_path: Callable[[str], Path]) -> Callable[[str], ReleaseManifest]:
    """Return a function from the name of a repository service to its release's manifest."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_release
    from signoff.importers.release_manifest import read

    def find(name: str) -> ReleaseManifest:
        settings: Any = inventory.service(name)
        if not settings.manifest:
            not_verified(f"{name}: no manifest named; write one where the release is built, name it in services.yaml")
        manifest = read(read_file(workspace_path(settings.manifest)))
        require_release(f"{name}: the manifest", manifest.commit, inventory.policy.commit)
        return manifest

    return find


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A file on the current host, and the digest that the manifest has for it (empty: none)."""

    path: str
    found: str
    wanted: str


@pytest.fixture
def artifacts(target: BoundTarget, host: Any, manifest_of: Callable[[str], ReleaseManifest]) -> tuple[Built, ...]:
    """Return the release's files on the current host."""
    from signoff import not_verified
    from signoff.probes.hosts.artifacts import digests

    listed = target.settings.artifacts
    if not listed:
        not_verified(f"{target.name}: no artifact named; write signoff.artifacts for it in hosts.yaml")
    wanted = {one.path: manifest_of(one.repository).artifacts.get(one.name, "") for one in listed}
    return tuple(Built(path=path, found=found, wanted=wanted[path]) for path, found in digests(host, wanted).items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Images:
    """Running containers, and the digests that the manifest has for them."""

    running: tuple[RunningImage, ...]
    wanted: Mapping[str, str]


@pytest.fixture
def images(
    target: BoundTarget,
    inventory: Inventory,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
    manifest_of: Callable[[str], ReleaseManifest],
) -> Images:
    """Return the containers of the current workload."""
    from signoff import not_verified
    from signoff.probes.cloud.kubernetes_images import running
    from signoff.probes.cloud.open import open_documents

    settings: WorkloadService = target.settings
    cluster: Any = inventory.service(settings.cloud)
    if getattr(cluster, "provider", "") != "kubernetes":
        not_verified(f"{target.name}: {settings.cloud} is no Kubernetes cluster; correct cloud in services.yaml")
    digests = manifest_of(settings.repository).images
    found = running(
        open_documents(cluster, evaluated_at, workspace_path),
        cluster=cluster.account,
        namespace=settings.namespace,
        labels=settings.labels,
    )
    ours = tuple(one for one in found if one.container not in settings.other_containers)
    return Images(
        running=ours, wanted={container: digests.get(name, "") for container, name in settings.images.items()}
    )
