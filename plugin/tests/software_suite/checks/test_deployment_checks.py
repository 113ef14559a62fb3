from __future__ import annotations

import hashlib
import json
import tomllib
import venv
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.importers.locks.lock_current import content_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import Answer, Clone, Site

DEPLOY = "#!/bin/sh\nset -eu\necho deploy\n"
ROLLBACK = "#!/bin/bash -e\necho rollback\n"
PROJECT = '[project]\nname = "shop"\ndependencies = ["psutil==5.9.5"]\n'
LOCK = (
    '[[package]]\nname = "psutil"\nversion = "5.9.5"\ngroups = ["main"]\n'
    f'[metadata]\ncontent-hash = "{content_hash(tomllib.loads(PROJECT))}"\n'
)
NODE = {"": {}, "node_modules/express": {"version": "4.19.2"}}
CANARY = "canary-9f31c07a"
"""Stands in environment files; may stand nowhere else."""
FILES = {
    "poetry.lock": LOCK,
    "pyproject.toml": PROJECT,
    "next/pyproject.toml": PROJECT.replace("5.9.5", "7.0.0"),
    "package-lock.json": json.dumps({"packages": NODE}),
    "deploy/deploy.sh": DEPLOY,
    "deploy/rollback.sh": ROLLBACK,
    "deploy/careless.sh": "#!/bin/sh\necho hi\n",
    "deploy/broken.sh": "#!/bin/sh\nset -e\nif true; then\n",
    "deploy/run.py": "#!/usr/bin/env python3\n",
}


@pytest.fixture
def release(clone: Clone, environment: Environment) -> str:
    """Return the release's commit; the branch `next` is one commit ahead."""
    environment.commit = clone.commit(FILES, tag="v1.0.0")
    clone.git("switch", "--quiet", "--create", "next")
    clone.commit({"README.md": "newer"})
    return environment.commit


def repository(path: Path, **settings: Any) -> dict[str, Any]:
    return {"kind": "repository", "path": str(path), **settings}


def test_instances_and_branches(
    environment: Environment, clone: Clone, site: Site, release: str, as_json: Callable[..., Answer]
) -> None:
    old = {"version": "0.9.0", "commit": "f" * 40}
    site.answers |= {
        "/a/version": as_json({"version": "1.0.0", "commit": release}),
        "/b/version": as_json({"version": "1.0.0", "commit": release[:12]}),
        "/old/version": as_json(old),
        "/silent/version": as_json({"status": "ok"}),
    }

    def web(*paths: str) -> dict[str, Any]:
        instances = [{"name": path.strip("/") or "gone", "url": site.url + path} for path in paths]
        return {"kind": "web", "url": site.url, "instances": instances}

    environment.services = {
        "fresh": web("/a", "/b"),
        "mixed": web("/a", "/old"),
        "silent": web("/a", "/silent"),
        "unnamed": web(),
        "down": {"kind": "web", "url": site.url, "instances": [{"name": "x", "url": "http://127.0.0.1:1"}]},
        "head": repository(clone.path),
        "behind": repository(clone.path, branch="next"),
        "foreign": repository(clone.path, branch="no-such-branch"),
    }

    seen = environment.run("tests/software/deployment", "-k", "release")

    assert not seen.differences(
        "every_instance_runs_the_release",
        {
            "fresh": "PASS",
            "mixed": "FAIL: old runs 0.9.0, the release is 1.0.0",
            "silent": "NOT_VERIFIED: without version and commit",
            "unnamed": "NOT_VERIFIED: no instances named",
            "down": "ERROR: refused",
        },
    )
    assert not seen.differences(
        "release_is_the_head_of_its_branch",
        {
            "head": "PASS",
            "behind": "FAIL: the release is 1 commits behind next",
            "foreign": "NOT_VERIFIED: no-such-branch is not known here",
        },
    )


def test_environment_files(environment: Environment, tmp_path: Path) -> None:
    required = ["SHOP_PORT", "SHOP_TOKEN"]

    def host(name: str, text: str, *, bits: int = 0o600, **settings: Any) -> None:
        file = tmp_path / f"{name}.env"
        file.write_text(text)
        file.chmod(bits)
        environment.host(name, env_files=[{"path": str(file), "required": required, **settings}])

    host("good", "SHOP_PORT=1\nSHOP_TOKEN=k7\nSHOP_EXTRA=\n", optional=["SHOP_EXTRA"])
    host("readable", "SHOP_PORT=1\nSHOP_TOKEN=k7\n", bits=0o644)
    host("allowed", "SHOP_PORT=1\nSHOP_TOKEN=k7\n", bits=0o640, mode="640")
    host("foreign", "SHOP_PORT=1\nSHOP_TOKEN=k7\n", owner="somebody-else")
    host("twice", f"SHOP_PORT=1\nSHOP_TOKEN={CANARY}\nSHOP_TOKEN={CANARY}2\n")
    host("garbled", f"SHOP_PORT=1\nSHOP_TOKEN={CANARY}\nthis is nothing {CANARY}\n")
    host("missing", "SHOP_PORT=1\n")
    host("unknown", "SHOP_PORT=1\nSHOP_TOKEN=k7\nSHOP_DEBUG=1\n")
    host("unset", "SHOP_PORT=\nSHOP_TOKEN=changeme\n")
    environment.host("absent", env_files=[{"path": str(tmp_path / "gone.env")}])
    environment.host("directory", env_files=[{"path": str(tmp_path)}])
    environment.host("unnamed")
    environment.unreachable_host("gone", env_files=[{"path": ".env"}])
    shared = [{"path": str(tmp_path / "shared.env"), "required": ["SHOP_TOKEN"]}]
    (tmp_path / "shared.env").write_text(f"SHOP_TOKEN={CANARY}\n")
    (tmp_path / "shared.env").chmod(0o600)
    (tmp_path / "settings.json").write_text(f'{{"token": "{CANARY}"')
    checked = [{"path": str(tmp_path / "settings.json"), "validator": "json"}]
    environment.host("one", env_files=shared, config_files=checked)
    environment.host("two", env_files=shared)

    seen = environment.run("tests/software", "-k", "environment_file or configuration_file")

    assert not seen.differences(
        "environment_file_matches_its_schema",
        {
            "good": "PASS",
            "readable": "FAIL: has mode 644, limit is 600",
            "allowed": "PASS",
            "foreign": "FAIL: belongs to .*, not to somebody-else",
            "twice": "FAIL: set twice: SHOP_TOKEN",
            "garbled": "FAIL: lines that cannot be read: 3",
            "missing": "FAIL: missing: SHOP_TOKEN",
            "unknown": "FAIL: unknown: SHOP_DEBUG",
            "unset": "FAIL: empty or placeholder: SHOP_PORT, SHOP_TOKEN",
            "absent": r"FAIL: gone\.env is missing",
            "directory": "NOT_VERIFIED: let the checking account read it",
            "unnamed": "NOT_VERIFIED: no environment file named",
            "gone": "ERROR",
            "one": "PASS",
            "two": "PASS",
        },
    )
    assert not seen.differences("environment_files_agree_between_hosts", {"-": "PASS"})
    refused = r"FAIL: one: .*settings\.json: json refuses it: .*line 1"
    assert not seen.differences("configuration_files_are_valid", {"-": refused})
    written = [file for file in (environment.folder / "reports").rglob("*") if file.is_file()]
    assert written
    assert [file.name for file in written if CANARY.encode() in file.read_bytes()] == []


def test_nothing_to_compare_is_no_agreement(environment: Environment) -> None:
    environment.host("app1")

    seen = environment.run("tests/software", "-k", "agree_between_hosts or configuration_file")

    assert not seen.differences("environment_files_agree_between_hosts", {"-": "NOT_VERIFIED"})
    assert not seen.differences("configuration_files_are_valid", {"-": "NOT_VERIFIED: no configuration file named"})


@pytest.mark.usefixtures("release")
def test_packages_and_the_lock_file(environment: Environment, clone: Clone, tmp_path: Path) -> None:
    def host(name: str, installed: dict[str, str], source: str = "source", *, needs: str = "") -> None:
        venv.create(tmp_path / name, with_pip=False, symlinks=True)
        folder = next((tmp_path / name / "lib").glob("python*/site-packages"))
        for package, version in installed.items():
            record = folder / f"{package}-{version}.dist-info"
            record.mkdir()
            needed = f"Requires-Dist: {needs}\n" if needs else ""
            text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n{needed}"
            (record / "METADATA").write_text(text)
        interpreter = str(tmp_path / name / "bin" / "python")
        environment.host(name, python=[{"interpreter": interpreter, "repository": source}])

    environment.services = {
        "source": repository(clone.path, lockfile="poetry.lock"),
        "unlocked": repository(clone.path, lockfile="uv.lock"),
    }
    host("locked", {"psutil": "5.9.5", "pip": "26.0"})
    host("newer", {"psutil": "7.0.0"})
    host("lacking", {"pip": "26.0"})
    host("extra", {"psutil": "5.9.5", "ipdb": "0.13"})
    host("empty", {})
    host("lockless", {"psutil": "5.9.5"}, "unlocked")
    host("unfit", {"psutil": "5.9.5"}, needs="colorama>=1")
    for name, version in (("node", "4.19.2"), ("node-old", "4.0.0")):
        package = tmp_path / name / "node_modules" / "express"
        package.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"version": version}))
        environment.host(name, node=[{"folder": str(tmp_path / name), "repository": "source"}])
    environment.services["stale"] = repository(clone.path, lockfile="poetry.lock", project="next/pyproject.toml")
    environment.host("no-python", python=[{"interpreter": "/nowhere/python", "repository": "source"}])
    environment.host("unnamed")

    seen = environment.run("tests/software/deployment", "-k", "lock_file or fit_together")

    assert not seen.differences(
        "packages_equal_the_lock_file",
        {
            "locked": "PASS",
            "newer": r"FAIL: psutil 7\.0\.0, locked 5\.9\.5",
            "lacking": r"FAIL: missing psutil 5\.9\.5",
            "extra": "FAIL: not locked: ipdb",
            "empty": "NOT_VERIFIED: no package is installed",
            "lockless": r"NOT_VERIFIED: no file uv\.lock",
            "no-python": "NOT_VERIFIED: not found",
            "unnamed": "NOT_VERIFIED: no interpreter named",
            "unfit": "PASS",
            "node": "PASS",
            "node-old": r"FAIL: express 4\.0\.0, locked 4\.19\.2",
        },
    )
    fit = seen.of("installed_packages_fit_together")
    assert (fit["locked"], fit["node"].partition(":")[0]) == ("PASS", "NOT_VERIFIED")
    assert fit["unfit"].endswith("psutil needs colorama, which is not installed")
    assert not seen.differences(
        "lock_file_is_current",
        {
            "source": "PASS",
            "stale": r"FAIL: poetry\.lock: its content-hash is of another",
            "unlocked": r"NOT_VERIFIED: no file uv\.lock",
        },
    )


def test_scripts_and_rehearsals(environment: Environment, clone: Clone, release: str, tmp_path: Path) -> None:
    def step(action: str, text: str, *, seconds: float = 3, ok: bool = True) -> dict[str, Any]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"action": action, "script": f"deploy/{action}.sh", "sha256": digest, "seconds": seconds, "ok": ok}

    def recorded(name: str, *steps: dict[str, Any], commit: str = release, days: int = 1) -> dict[str, Any]:
        finished = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        record = {"schema_version": 1, "environment": "staging", "commit": commit, "finished": finished, "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
        scripts = ["deploy/deploy.sh", "deploy/rollback.sh"]
        return repository(clone.path, deployment={"scripts": scripts, "record": str(tmp_path / f"{name}.json")})

    def scripts(*paths: str) -> dict[str, Any]:
        return repository(clone.path, deployment={"scripts": list(paths)})

    good = (step("deploy", DEPLOY), step("rollback", ROLLBACK))
    environment.services = {
        "good": recorded("good", *good),
        "failed": recorded("failed", step("deploy", DEPLOY, ok=False), good[1]),
        "one-way": recorded("one-way", good[0]),
        "edited": recorded("edited", step("deploy", DEPLOY + "#"), good[1]),
        "slow": recorded("slow", step("deploy", DEPLOY, seconds=1_801), good[1]),
        "old": recorded("old", *good, days=40),
        "other": recorded("other", *good, commit="f" * 40),
        "careless": scripts("deploy/careless.sh"),
        "broken": scripts("deploy/broken.sh"),
        "python": scripts("deploy/run.py"),
        "absent": scripts("deploy/absent.sh"),
        "unnamed": repository(clone.path),
    }

    seen = environment.run("tests/software/deployment", "-k", "scripts or rehearsed")

    sound = dict.fromkeys(("good", "failed", "one-way", "edited", "slow", "old", "other"), "PASS")
    assert not seen.differences(
        "deployment_scripts_are_sound",
        sound
        | {
            "careless": r"FAIL: deploy/careless\.sh: no set -e",
            "broken": r"FAIL: deploy/broken\.sh: ",
            "python": "NOT_VERIFIED: does not start with #! and a shell",
            "absent": r"NOT_VERIFIED: no file deploy/absent\.sh",
            "unnamed": "NOT_VERIFIED: no deployment named",
        },
    )
    assert not seen.differences(
        "deployment_was_rehearsed_on_staging",
        dict.fromkeys(("careless", "broken", "python", "absent"), "NOT_VERIFIED: no record named")
        | {
            "good": "PASS",
            "failed": "FAIL: deploy failed on staging",
            "one-way": "FAIL: rollback was not rehearsed",
            "edited": r"FAIL: deploy/deploy\.sh was rehearsed in another version",
            "slow": r"FAIL: deploy took 1801\.0 s",
            "old": "NOT_VERIFIED: 40 days old, limit is 30",
            "other": "NOT_VERIFIED: is about commit ffffffffffff",
            "unnamed": "NOT_VERIFIED: no deployment named",
        },
    )
