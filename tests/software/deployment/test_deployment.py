"""Deployment: the right build, complete configuration, locked packages, scripts that were tried."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SW-DEP-1")
def test_every_instance_runs_the_release(target, builds, inventory, evidence):
    release, commit = inventory.policy.release, inventory.policy.commit
    evidence(
        observed=", ".join(f"{name}: {build.version} ({build.commit[:12]})" for name, build in builds.items()),
        expected=f"{release} ({commit[:12]}) everywhere",
        inspected=len(builds),
    )
    others = [f"{name} runs {build.version}" for name, build in builds.items() if not build.is_release(release, commit)]
    assert not others, f"{target.name}: {', '.join(others)}, the release is {release}"


@pytest.mark.checklist(id="SW-DEP-1")
def test_release_is_the_head_of_its_branch(source, evidence):
    branch = source.settings.branch
    behind = source.repository.behind(source.commit, branch)
    evidence(
        observed=f"{source.commit[:12]} is {behind} commits behind {branch}, tags: "
        f"{', '.join(source.repository.tags(source.commit)) or 'none'}",
        expected=f"the head of {branch}",
        inspected=1,
    )
    assert behind == 0, f"{source.name}: the release is {behind} commits behind {branch}"


@pytest.mark.checklist(id="SW-DEP-2")
def test_environment_file_matches_its_schema(target, env_files, evidence):
    evidence(
        observed=", ".join(f"{file.path}: {len(file.keys)} keys, mode {file.mode:o}" for _, file in env_files),
        expected="all required keys with real values, no other key, none twice, and nobody else may read it",
        inspected=sum(len(file.entries) for _, file in env_files),
    )
    for wanted, file in env_files:
        where, known = f"{target.name}: {file.path}", {*wanted.required, *wanted.optional}
        assert file.exists, f"{where} is missing"
        assert not file.wider_than(int(wanted.mode, 8)), f"{where} has mode {file.mode:o}, limit is {wanted.mode}"
        assert wanted.owner in {"", file.owner}, f"{where} belongs to {file.owner}, not to {wanted.owner}"
        assert not file.bad_lines, f"{where}: lines that cannot be read: {', '.join(map(str, file.bad_lines))}"
        assert not file.duplicates, f"{where}: set twice: {', '.join(file.duplicates)}"
        assert not (gone := file.missing(wanted.required)), f"{where}: missing: {', '.join(gone)}"
        assert not (odd := file.unknown(known)), f"{where}: unknown: {', '.join(odd)}"
        assert not (bare := file.unset(wanted.required)), f"{where}: empty or placeholder: {', '.join(bare)}"


@pytest.mark.checklist(id="SW-DEP-2")
def test_environment_files_agree_between_hosts(drift, evidence):
    shown = ", ".join(f"{key} on {' and '.join(hosts)}" for key, hosts in drift.keys.items())
    evidence(
        observed=f"{drift.files} files compared by keyed digests, different: {shown or 'none'}",
        expected="the same value on all hosts",
        inspected=drift.files,
    )
    assert not drift.keys, f"different from the other hosts: {shown}"


@pytest.mark.checklist(id="SW-DEP-3")
def test_packages_equal_the_lock_file(target, interpreters, evidence):
    evidence(
        observed="; ".join(
            f"{one.path} ({one.version}): {one.installed} packages, {one.differences.count} differ"
            for one in interpreters
        ),
        expected=f"the {', '.join(str(one.locked) for one in interpreters)} locked packages, no other",
        inspected=sum(one.installed for one in interpreters),
    )
    for one in interpreters:
        where, gap = f"{target.name}: {one.path}", one.differences
        assert not gap.different, f"{where}: {'; '.join(gap.different)}"
        assert not gap.missing, f"{where}: missing {', '.join(gap.missing)}"
        assert not gap.extra, f"{where}: not locked: {', '.join(gap.extra)}"
        assert not one.broken, f"{where}: {one.broken} installations without a name; install it anew"


@pytest.mark.checklist(id="SW-DEP-3")
def test_installed_packages_fit_together(target, interpreters, evidence):
    asked = [one for one in interpreters if one.conflicts is not None]
    evidence(
        observed="; ".join(f"{one.path}: {len(one.conflicts)} requirements are not met" for one in asked),
        expected="every requirement of every installed package is met, as `pip check` asks",
        inspected=sum(one.installed for one in asked),
    )
    for one in asked:
        assert not one.conflicts, f"{target.name}: {one.path}: {'; '.join(one.conflicts[:10])}"


@pytest.mark.checklist(id="SW-DEP-3")
def test_lock_file_is_current(source, lock_file, evidence):
    evidence(
        observed=f"{lock_file.name}: {lock_file.packages} packages, {', '.join(lock_file.departures) or 'current'}",
        expected=f"made from {source.settings.project} as it is in the release",
        inspected=lock_file.packages,
    )
    assert not lock_file.departures, f"{source.name}: {lock_file.name}: {'; '.join(lock_file.departures)}"


@pytest.mark.checklist(id="SW-DEP-4")
def test_deployment_scripts_are_sound(source, scripts, evidence):
    evidence(
        observed=", ".join(f"{path} ({reader})" for path, reader in scripts.read_by.items()),
        expected="no syntax error, no finding, and shell scripts stop at the first step that fails (set -e)",
        inspected=len(scripts.read_by),
    )
    assert not scripts.wrong, f"{source.name}: {'; '.join(scripts.wrong)}"
    if scripts.unread:
        not_verified(f"{source.name}: {'; '.join(scripts.unread)}")


@pytest.mark.checklist(id="SW-DEP-4")
def test_deployment_was_rehearsed_on_staging(source, rehearsal, evidence):
    limits = {"deploy": rehearsal.limits.deploy_within, "rollback": rehearsal.limits.rollback_within}
    steps = {action: rehearsal.record.step(action) for action in limits}
    evidence(
        observed=f"{rehearsal.record.environment}, {rehearsal.record.finished:%Y-%m-%d %H:%M} UTC: "
        + ", ".join(f"{action} {step.seconds:.1f} s" for action, step in steps.items() if step),
        expected=", ".join(f"{action} within {limit.total_seconds():g} s" for action, limit in limits.items()),
        inspected=len(rehearsal.record.steps),
    )
    for action, step in steps.items():
        assert step, f"{source.name}: {action} was not rehearsed"
        assert step.ok, f"{source.name}: {action} failed on {rehearsal.record.environment}"
        same = rehearsal.sha256.get(step.script) == step.sha256
        assert same, f"{source.name}: {step.script} was rehearsed in another version than the release's"
        late = step.seconds > limits[action].total_seconds()
        assert not late, f"{source.name}: {action} took {step.seconds:.1f} s, limit is {limits[action]}"
