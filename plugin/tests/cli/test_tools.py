"""`signoff tools`: what is found, in which version, for which items, and how to get the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signoff.cli.tools.finding import find
from signoff.cli.tools.table import USES, Program, programs
from signoff.config.kinds import KINDS

ROOT = Path(__file__).parents[3]


def _program(**fields: Any) -> Program:
    given: dict[str, Any] = {
        "name": "scanner", "use": "report", "kinds": (), "version": ("--version",), "install": "pipx", "why": "x",
    }  # fmt: skip
    return Program(**(given | fields))


def _script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("echo 'Nmap version 7.93 ( https://nmap.org )'", "7.93"),
        ("echo 'OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.19' >&2; exit 255", "9.2p1"),
        ("echo 'Version: v0.68.2-rc.1+dirty'", "0.68.2-rc.1+dirty"),
        ("echo 'no number at all 7'", ""),
        ("exit 1", ""),
        ("exec sleep 600", ""),
        ('test -z "$PROD_TOKEN" && echo 1.2', "1.2"),
        ("cat /dev/zero", ""),
    ],
)
def test_a_version_is_what_the_program_says_within_limits(tmp_path: Path, says: str, version: str) -> None:
    path = _script(tmp_path, "scanner", says)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PROD_TOKEN": "secret"}

    (found,) = find([_program()], environ, limit=1.0 if "sleep" in says else 60.0)

    assert (found.path, found.version) == (str(path), version)


def test_a_program_may_have_another_name_or_be_missing(tmp_path: Path) -> None:
    path = _script(tmp_path, "scanner-ng", "echo 2.0")
    named, missing = find([_program(names=("scanner", "scanner-ng")), _program()], {"PATH": str(tmp_path)})

    assert (named.path, named.version, missing.path, missing.version) == (str(path), "2.0", "", "")


def test_the_table_names_kinds_that_exist_and_how_to_install_each() -> None:
    table = programs()

    assert len({program.name for program in table}) == len(table) > 25
    for program in table:
        assert program.use in USES, program.name
        assert set(program.kinds) <= set(KINDS), program.name
        assert program.kinds or program.hosts, program.name
        assert program.install.strip(), program.name
        assert "\n" not in program.install, program.name


def _run(*arguments: str, path: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from signoff.cli import main; main()", "tools", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_missing_comes_with_the_line_that_installs_it(tmp_path: Path) -> None:
    _script(tmp_path, "trivy", "echo Version: 0.68.2")

    both = _run("trivy", "grype", path=str(tmp_path))
    here = _run("trivy", "--json", path=str(tmp_path))

    assert both.returncode == 1
    assert f"✓ trivy  0.68.2  {tmp_path}/trivy  [SEC-VUL-3]" in both.stdout
    assert "brew install grype" in both.stdout
    assert here.returncode == 0
    assert [(one["name"], one["found"], one["items"]) for one in json.loads(here.stdout)] == [
        ("trivy", True, ["SEC-VUL-3"])
    ]


def test_an_unknown_program_is_a_usage_error_and_no_suite_is_none(tmp_path: Path) -> None:
    unknown = _run("trivi", path=str(tmp_path))
    outside = _run("trivy", "--json", path=str(tmp_path), folder=tmp_path)

    assert (unknown.returncode, "no program 'trivi'" in unknown.stderr) == (2, True)
    assert json.loads(outside.stdout)[0]["items"] == []


def test_needed_are_those_that_the_inventory_makes_checks_run(tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    (suite / "tests").mkdir(parents=True)
    (suite / "here").mkdir()
    (suite / "tests" / "checklist.yaml").write_text((ROOT / "tests" / "checklist.yaml").read_text())
    (suite / "pyproject.toml").write_text('[tool.pytest]\nsignoff_inventory = "here"\n')
    release = {"version": "1", "commit": "3f2a91c4d5e6"}
    policy = {"schema_version": 1, "product": "Shop", "environment": "here", "release": release}
    services = {"schema_version": 1, "services": {"source": {"kind": "repository", "path": "."}}}
    for name, content in (("policy", policy), ("services", services), ("hosts", {"all": {"hosts": {}}})):
        (suite / "here" / f"{name}.yaml").write_text(json.dumps(content))
    _script(tmp_path, "git", "echo git version 2.39.5")
    asked = ("--needed", "--json", "--inventory", str(suite / "here"))

    with_git = _run(*asked, path=str(tmp_path), folder=suite)
    (suite / "here" / "hosts.yaml").write_text(json.dumps({"all": {"hosts": {"app1": {}}}}))
    with_hosts = _run(*asked, path=str(tmp_path), folder=suite)

    assert [one["name"] for one in json.loads(with_git.stdout)] == ["git"]
    assert with_git.returncode == 0
    assert {one["name"] for one in json.loads(with_hosts.stdout)} == {"git", "ssh", "ansible-inventory"}
