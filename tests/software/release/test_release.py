"""Release: signed by who may sign, tried by CI, and the very files and images that were built."""

import pytest

from signoff import not_verified
from signoff.importers.runs.ci_record import FAILED, PASSED


@pytest.mark.checklist(id="SW-DEP-1")
def test_release_tag_is_signed(target, signatures, inventory, evidence):
    evidence(
        observed=", ".join(f"{one.tag}: {one.signer or one.problem}" for one in signatures) or "no tag",
        expected=f"a tag on {inventory.policy.commit[:12]}, signed by somebody on the list of signers",
        inspected=len(signatures) or 1,
    )
    assert signatures, f"{target.name}: no such tag on {inventory.policy.commit[:12]}"
    bad = [f"{one.tag} {one.problem}" for one in signatures if one.problem]
    assert any(one.signer for one in signatures), f"{target.name}: {', '.join(bad)}"


@pytest.mark.checklist(id="SW-DEP-1")
def test_commit_passed_ci(target, ci_run, evidence):
    outcomes = {name: ci_run.outcome(name) for name in target.settings.required}
    evidence(
        observed=f"{len(ci_run.jobs)} jobs of {ci_run.commit[:12]}: "
        + ", ".join(f"{name} {outcome or 'not there'}" for name, outcome in outcomes.items()),
        expected="every required job passed, and no other job failed",
        inspected=len(ci_run.jobs),
    )
    failed = sorted({job.name for job in ci_run.jobs if job.outcome == FAILED})
    assert not failed, f"{target.name}: failed for {ci_run.commit[:12]}: {', '.join(failed)}"
    if unproven := [name for name, outcome in outcomes.items() if outcome != PASSED]:
        not_verified(f"{target.name}: has not come to an end: {', '.join(unproven)}; wait for it, or correct its name")


@pytest.mark.checklist(id="SW-DEP-1")
def test_artifacts_equal_the_manifest(target, artifacts, evidence):
    evidence(
        observed=", ".join(f"{one.path} {one.found[:12] or 'missing'}" for one in artifacts),
        expected=", ".join(f"{one.path} {one.wanted[:12] or 'in the manifest'}" for one in artifacts),
        inspected=len(artifacts),
    )
    changed = [one.path for one in artifacts if one.wanted and one.found != one.wanted]
    assert not changed, f"{target.name}: not as it was built: {', '.join(changed)}"
    if unknown := [one.path for one in artifacts if not one.wanted]:
        not_verified(f"{target.name}: the manifest has no digest for {', '.join(unknown)}; correct name in hosts.yaml")


@pytest.mark.checklist(id="SW-DEP-1")
def test_images_equal_the_manifest(target, images, evidence):
    evidence(
        observed=", ".join(f"{one.pod}/{one.container} {one.sha256[:12] or 'unknown'}" for one in images.running),
        expected=", ".join(f"{name} {digest[:12] or 'in the manifest'}" for name, digest in images.wanted.items()),
        inspected=len(images.running),
    )
    strange = [f"{one.pod}/{one.container}" for one in images.running if one.container not in images.wanted]
    assert not strange, f"{target.name}: containers that nobody named: {', '.join(strange)}"
    other = [
        f"{one.pod}/{one.container}"
        for one in images.running
        if one.sha256 and images.wanted[one.container] and one.sha256 != images.wanted[one.container]
    ]
    assert not other, f"{target.name}: another image than the release's: {', '.join(other)}"
    seen = {one.container for one in images.running if one.sha256 and images.wanted[one.container]}
    unknown = [f"{one.pod}/{one.container}" for one in images.running if not one.sha256]
    if gaps := [*unknown, *(name for name in images.wanted if name not in seen)]:
        not_verified(f"{target.name}: no digest to compare for {', '.join(gaps)}; wait for the pods, or correct images")
