from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from signoff.demo import lockfile, release
from signoff.demo.layout import DemoError, Layout, load
from signoff.demo.shop import programs
from signoff.probes.secrets import history as secret_history

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.demo

_LIST = """
import importlib.metadata, json
print(json.dumps({d.name.lower().replace("_", "-"): d.version for d in importlib.metadata.distributions()}))
"""


def _installed(demo: Layout, host: str) -> dict[str, str]:
    command = [str(programs.interpreter(demo, host)), "-c", _LIST]
    found: dict[str, str] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return found


def test_lock_file_names_exactly_what_the_hosts_run_with(demo: Layout) -> None:
    lock = tomllib.loads((demo.repo / "poetry.lock").read_text(encoding="utf-8"))
    locked = {package["name"]: package["version"] for package in lock["package"]}
    assert {"psutil", "starlette", "psycopg-binary", "anyio"} <= locked.keys()
    assert locked == _installed(demo, "app1") == _installed(demo, "app2")
    assert all(package["groups"] == ["main"] for package in lock["package"])


def test_lock_file_follows_markers_and_extras() -> None:
    text = lockfile.render('[project]\nrequires-python = ">=3.11"\ndependencies = ["psycopg[binary]"]\n')
    lock = tomllib.loads(text)
    names = [package["name"] for package in lock["package"]]
    assert "psycopg-binary" in names
    assert "psycopg-c" not in names
    assert names == sorted(names)


def test_missing_dependency_is_named_with_the_remedy() -> None:
    with pytest.raises(DemoError, match=r"no-such-thing is not installed; run `pip install"):
        lockfile.resolve(["no-such-thing"])


def test_release_is_tagged_and_deployed_as_committed(demo: Layout, tmp_path: Path) -> None:
    commit = load(demo).commit
    assert release.git(demo, "rev-parse", f"{release.TAG}^{{commit}}").strip() == commit
    assert release.git(demo, "rev-parse", release.BRANCH).strip() == commit
    release.export(demo, commit, tmp_path)
    for host in programs.APP_HOSTS:
        deployed = programs.source(demo, host)
        for file in (one for one in tmp_path.rglob("*") if one.is_file()):
            assert (deployed / file.relative_to(tmp_path)).read_bytes() == file.read_bytes()


def test_settings_are_readable_by_their_owner_only(demo: Layout) -> None:
    for host in programs.APP_HOSTS:
        assert (programs.source(demo, host) / ".env").stat().st_mode & 0o777 == 0o600


def test_repository_holds_no_secret(demo: Layout) -> None:
    scan = secret_history.scan(demo.repo)
    assert scan.versions > 30
    assert scan.exposures == ()


def test_scripts_deploy_and_roll_back(demo: Layout, tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "venv").symlink_to(programs.interpreter(demo, "app1").parents[1])
    first = release.run_script(demo, "deploy/deploy.sh", tmp_path, str(demo.repo), release.PREVIOUS_TAG)
    (tmp_path / "srv" / "shop" / ".env").write_text("A=1\n", encoding="utf-8")
    second = release.run_script(demo, "deploy/deploy.sh", tmp_path, str(demo.repo), release.TAG)
    assert second == load(demo).commit != first
    assert (tmp_path / "srv" / "shop" / ".env").read_text(encoding="utf-8") == "A=1\n"
    assert release.run_script(demo, "deploy/rollback.sh", tmp_path) == first
    with pytest.raises(DemoError, match="there is no previous release"):
        release.run_script(demo, "deploy/rollback.sh", tmp_path)


def test_deployment_of_an_unknown_revision_changes_nothing(demo: Layout, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="does not know v9"):
        release.run_script(demo, "deploy/deploy.sh", tmp_path, str(demo.repo), "v9")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["deploy.sh", "rollback.sh"])
def test_scripts_are_valid_shell(script: str) -> None:
    path = release.TEMPLATE / "deploy" / script
    subprocess.run(["bash", "-n", str(path)], check=True)
    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in path.read_text(encoding="utf-8")


def test_missing_git_is_named(demo: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(DemoError, match="git is not installed"):
        release.git(demo, "status")
