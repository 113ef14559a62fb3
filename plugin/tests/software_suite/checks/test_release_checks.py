"""Where a release comes from: CI, artifacts, images, signed tags."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import Answer, Clone, Site

CLUSTER = "7d3f0f6e-2f0f-4f0e-9d55-3f1f0a9a2b11"
RIGHT, WRONG = "a" * 64, "b" * 64


@pytest.fixture
def release(clone: Clone, environment: Environment) -> str:
    environment.commit = clone.commit({"README.md": "shop"}, tag="v1.0.0")
    return environment.commit


def write(path: Path, document: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return str(path)


def ci_services(release: str, site: Site, folder: Path, as_json: Callable[..., Answer]) -> dict[str, Any]:
    """Return CI entries whose answers follow the contracts of GitHub and GitLab."""
    now = datetime.now(UTC)

    def check(name: str, conclusion: str | None) -> dict[str, Any]:
        done = now.isoformat() if conclusion else None
        return {"name": name, "head_sha": release, "conclusion": conclusion, "completed_at": done}

    def github(project: str, *runs: dict[str, Any], statuses: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
        base = f"/repos/x/{project}/commits/{release}"
        site.answers[f"{base}/check-runs"] = as_json({"total_count": len(runs), "check_runs": runs})
        site.answers[f"{base}/status"] = as_json({"total_count": len(statuses), "statuses": statuses})
        entry = {"kind": "ci", "provider": "github", "url": site.url, "project": f"x/{project}"}
        return entry | {"required": ["test"], "token": "throw-away-token-of-ci"}

    def gitlab(number: int, *jobs: tuple[str, str]) -> dict[str, Any]:
        pipelines = [{"id": 9}] if jobs else []
        rows = [{"name": name, "status": status, "finished_at": now.isoformat()} for name, status in jobs]
        site.answers[f"/projects/{number}/pipelines"] = as_json(pipelines)
        site.answers[f"/projects/{number}/pipelines/9/jobs"] = as_json(rows)
        entry = {"kind": "ci", "provider": "gitlab", "url": site.url, "project": str(number)}
        return entry | {"required": ["test"]}

    def record(name: str, outcome: str, *, commit: str = release, days: int = 1) -> dict[str, Any]:
        jobs = [{"name": "test", "outcome": outcome}]
        finished = (now - timedelta(days=days)).isoformat()
        document = {"schema_version": 1, "commit": commit, "finished": finished, "jobs": jobs}
        path = write(folder / f"{name}.json", document)
        return {"kind": "ci", "provider": "record", "record": path, "required": ["test"]}

    passed = {"context": "test", "state": "success", "updated_at": now.isoformat()}
    site.answers["/repos/x/refused/commits/" + release + "/check-runs"] = (401, {}, "")
    refused = {"kind": "ci", "provider": "github", "url": site.url, "project": "x/refused", "required": ["test"]}
    return {
        "hub-good": github("good", check("test", "success"), check("notes", "skipped")),
        "hub-status": github("status", statuses=(passed,)),
        "hub-failed": github("failed", check("test", "success"), check("lint", "failure")),
        "hub-running": github("running", check("test", None)),
        "hub-absent": github("absent", check("other", "success")),
        "hub-empty": github("empty"),
        "hub-refused": refused,
        "lab-good": gitlab(1, ("test", "success"), ("deploy", "manual")),
        "lab-failed": gitlab(2, ("test", "failed")),
        "lab-none": gitlab(3),
        "record-good": record("good", "passed"),
        "record-failed": record("failed", "failed"),
        "record-old": record("old", "passed", days=40),
        "record-other": record("other", "passed", commit="f" * 40),
        "record-odd": record("odd", "green"),
    }


CI = {
    "hub-good": "PASS",
    "hub-status": "PASS",
    "hub-failed": "FAIL: lint",
    "hub-running": "NOT_VERIFIED: has not come to an end: test",
    "hub-absent": "NOT_VERIFIED: has not come to an end: test",
    "hub-empty": "NOT_VERIFIED: nothing ran",
    "hub-refused": "ERROR: status 401",
    "lab-good": "PASS",
    "lab-failed": "FAIL: failed for .*: test",
    "lab-none": "NOT_VERIFIED: no pipeline",
    "record-good": "PASS",
    "record-failed": "FAIL: test",
    "record-old": "NOT_VERIFIED: 40 days old",
    "record-other": "NOT_VERIFIED: is about commit ffffffffffff",
    "record-odd": "NOT_VERIFIED: passed, failed or open",
}


def pod(name: str, digest: str, *, app: str, container: str = "api", phase: str = "Running") -> dict[str, Any]:
    image = f"registry.example.test/api@sha256:{digest}" if digest else ""
    status = {"name": container, "ready": True, "imageID": image}
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}},
        "spec": {"containers": [{"name": container}]},
        "status": {"phase": phase, "containerStatuses": [status]},
    }


def workloads(folder: Path) -> dict[str, Any]:
    """Return a cluster by its export, and one workload for each set of pods."""
    pods = [
        *(pod(f"good-{n}", RIGHT, app="good") for n in range(2)),
        pod("good-old", WRONG, app="good", phase="Succeeded"),
        pod("mixed-0", RIGHT, app="mixed"),
        pod("mixed-1", WRONG, app="mixed"),
        pod("young-0", "", app="young"),
        pod("strange-0", RIGHT, app="strange"),
        pod("strange-1", RIGHT, app="strange", container="miner"),
    ]
    system = {"metadata": {"name": "kube-system", "uid": CLUSTER}}
    files = {"namespaces.json": {"items": [system]}, "pods.json": {"items": pods}}
    texts = {name: write(folder / name, content) for name, content in files.items()}
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in texts}
    created = datetime.now(UTC).isoformat()
    manifest = {"schema_version": 1, "provider": "kubernetes", "account": CLUSTER, "created": created}
    write(folder / "manifest.json", manifest | {"tool": "kubectl", "files": digests})
    cluster = {"kind": "cloud", "provider": "kubernetes", "account": CLUSTER, "regions": ["here"]}
    workload = {"kind": "workload", "cloud": "cluster", "repository": "source", "namespace": "shop"}
    named = {app: workload | {"labels": {"app": app}, "images": {"api": "shop-api"}} for app in IMAGES}
    named["unbuilt"] = named["unbuilt"] | {"labels": {"app": "good"}, "images": {"api": "another"}}
    return named | {"cluster": cluster | {"exports": {"folder": str(folder)}}}


IMAGES = {
    "good": "PASS",
    "mixed": "FAIL: mixed-1/api",
    "young": "NOT_VERIFIED: no digest to compare for young-0/api",
    "strange": "FAIL: that nobody named: strange-1/miner",
    "none": "NOT_VERIFIED",
    "unbuilt": "NOT_VERIFIED: no digest to compare for api",
}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (openssh-client)")
def test_origin_of_the_release(  # noqa: PLR0913, PLR0917 - one run tells about all parts
    environment: Environment, clone: Clone, release: str, site: Site, tmp_path: Path, as_json: Callable[..., Answer]
) -> None:
    key = tmp_path / "kim"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, capture_output=True)
    (tmp_path / "signers").write_text(f"kim@example.test {key.with_suffix('.pub').read_text()}")
    clone.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "tag", "-s", "-m", "x", "v1.0.0-signed")
    built = tmp_path / "shop.tar"
    built.write_bytes(b"shop")
    manifest = {"schema_version": 1, "version": "1.0.0", "commit": release, "images": {"shop-api": f"sha256:{RIGHT}"}}
    manifest |= {"artifacts": {"shop.tar": hashlib.sha256(b"shop").hexdigest()}}
    path = write(tmp_path / "manifest.json", manifest)
    foreign = write(tmp_path / "foreign.json", manifest | {"commit": "f" * 40})

    def source(**settings: Any) -> dict[str, Any]:
        return {"kind": "repository", "path": str(clone.path), **settings}

    signers = {"ssh": str(tmp_path / "signers")}
    environment.services = {
        "source": source(manifest=path, signers=signers),
        "unsigned": source(signers=signers | {"tag": "v1.0.0"}),
        "untagged": source(signers=signers | {"tag": "v2"}),
        "foreign": source(manifest=foreign),
        **ci_services(release, site, tmp_path, as_json),
        **workloads(tmp_path / "cluster"),
    }

    def host(name: str, file: Path, *, called: str = "shop.tar", repository: str = "source") -> None:
        environment.host(name, artifacts=[{"path": str(file), "name": called, "repository": repository}])

    host("built", built)
    (tmp_path / "other.tar").write_bytes(b"shop, changed by hand")
    host("changed", tmp_path / "other.tar")
    host("lacking", tmp_path / "absent.tar")
    host("unlisted", built, called="another.tar")
    host("foreign-manifest", built, repository="foreign")
    host("no-manifest", built, repository="unsigned")
    environment.host("unnamed")
    environment.unreachable_host("gone", artifacts=[{"path": "x", "name": "shop.tar", "repository": "source"}])

    seen = environment.run("tests/software/release")

    assert not seen.differences(
        "release_tag_is_signed",
        {
            "source": "PASS",
            "unsigned": "FAIL: v1.0.0 is a lightweight tag",
            "untagged": "FAIL: no such tag",
            "foreign": "NOT_VERIFIED: nobody may sign",
        },
    )
    assert not seen.differences("commit_passed_ci", CI)
    assert not seen.differences(
        "artifacts_equal_the_manifest",
        {
            "built": "PASS",
            "changed": r"FAIL: not as it was built: .*other\.tar",
            "lacking": r"FAIL: not as it was built: .*absent\.tar",
            "unlisted": "NOT_VERIFIED: the manifest has no digest",
            "foreign-manifest": "NOT_VERIFIED: is about commit ffffffffffff",
            "no-manifest": "NOT_VERIFIED: no manifest named",
            "unnamed": "NOT_VERIFIED: no artifact named",
            "gone": "ERROR",
        },
    )
    assert not seen.differences("images_equal_the_manifest", IMAGES)
    assert all(asked.startswith("GET ") for asked in site.asked)
