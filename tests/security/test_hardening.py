"""Security configuration: secrets are where they belong, and nowhere else."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SEC-CFG-2")
def test_request_filter_refuses_attacks(access, evidence):
    plain, attacked = access.ask_like_an_attacker()
    evidence(
        observed=", ".join(f"{attack}: {answer.status}" for attack, answer in attacked.items()),
        expected="each refused with 403 or 406",
        inspected=len(attacked),
    )
    if not plain.shown:
        not_verified(f"{access.name}: {plain} even without an attack; name a path that is open to everybody")
    passed = [attack for attack, answer in attacked.items() if answer.status not in {403, 406}]
    assert not passed, f"{access.name}: the request filter lets through {', '.join(passed)}"


@pytest.mark.checklist(id="SEC-CFG-4")
def test_no_secret_in_deployed_source(deployed_source, evidence):
    findings = deployed_source.findings
    evidence(
        observed=", ".join(map(str, findings)) or f"none in {deployed_source.files} files",
        expected="no secret outside of the environment file",
        inspected=deployed_source.files,
    )
    assert not findings, f"{deployed_source.name}: secret in {', '.join(map(str, findings))}"


@pytest.mark.checklist(id="SEC-CFG-4")
def test_secret_files_are_private(target, secret_files, evidence):
    evidence(
        observed=", ".join(f"{file.path} {file.mode:o} {file.owner}" for file in secret_files),
        expected="not readable by others, not writable by the group",
        inspected=len(secret_files),
    )
    loose = [f"{file.path} has mode {file.mode:o}" for file in secret_files if file.mode & 0o037]
    assert not loose, f"{target.name}: {', '.join(loose)}, limit is 640"


@pytest.mark.checklist(id="SEC-CFG-4")
def test_secrets_in_history_were_replaced(history, evidence):
    facts = history.facts
    open_ = [str(exposure) for exposure in facts.exposures if not history.is_rotated(exposure)]
    evidence(
        observed=f"{len(facts.exposures)} secrets ever committed, {len(open_)} not replaced since",
        expected="none, or replaced after it was committed",
        inspected=facts.versions,
    )
    assert not open_, f"{history.name}: committed and not replaced since: {', '.join(open_)}"
    if facts.not_scanned:
        not_verified(f"{history.name}: too large to scan: {', '.join(facts.not_scanned)}; move them out of git")


@pytest.mark.checklist(id="SEC-CFG-4")
def test_secret_files_are_not_served(access, evidence):
    paths, visitor = access.rules.never_served, access.stranger()
    served = [path for path in paths if visitor.leaks(path)]
    evidence(observed=f"served: {', '.join(served) or 'none'}", expected="none", inspected=len(paths))
    assert not served, f"{access.name}: anybody can read {', '.join(served)}"
