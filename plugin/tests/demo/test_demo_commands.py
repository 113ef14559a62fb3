"""The `demo` commands as people use them, and the `.env` that inventories read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import signoff
from signoff.cli.demo import demo as cli
from signoff.demo import environment
from signoff.demo.layout import load

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo
INVENTORY = Path(__file__).parents[3] / "inventories" / "demo"


def run(*arguments: str, language: str = "en_US.UTF-8") -> tuple[int, str]:
    result = CliRunner().invoke(cli, arguments, env={"LC_ALL": language})
    return result.exit_code, result.output


def test_the_env_file_has_every_value_of_the_inventory(demo: Layout) -> None:
    wanted = {
        name for file in INVENTORY.glob("*.yaml") for name in re.findall(r"\$\{(DEMO_\w+)\}", file.read_text("utf-8"))
    }
    values = environment.env(demo.dir)
    assert len(wanted) > 10
    assert wanted - values.keys() == set()
    assert all(values.values())
    assert values["DEMO_RELEASE"] == f"1.0.0+{load(demo).commit[:7]}"
    assert demo.env_file.stat().st_mode & 0o777 == 0o600


def test_status_shows_every_component_with_its_address(demo: Layout) -> None:
    code, output = run("status", "--dir", str(demo.dir))
    assert code == 0
    lines = {line.split()[0]: line.split()[1:] for line in output.splitlines()}
    assert lines["haproxy"] == ["RUNNING", f"https://localhost:{demo.port('https')}"]
    assert {"postgres-db1", "postgres-db2", "valkey", "sshd", "dns1", "dns2", "prometheus", "shop-app1"} < lines.keys()


def test_messages_are_in_the_users_language(demo: Layout) -> None:
    assert run("up", "--dir", str(demo.dir)) == (0, f"{demo.dir} is up already.\n")
    assert run("up", "--dir", str(demo.dir), language="ko_KR.UTF-8") == (0, f"{demo.dir}에서 이미 실행 중입니다.\n")


def test_without_a_copy_the_next_step_is_named(tmp_path: Path) -> None:
    code, output = run("status", "--dir", str(tmp_path))
    assert code == 1
    assert "signoff demo up" in output
    code, output = run("fault", "cache-degraded", "--dir", str(tmp_path))
    assert code == 1
    assert "signoff demo up" in output


def test_a_fault_is_made_listed_and_mended(demo: Layout) -> None:
    place = ("--dir", str(demo.dir))
    assert run("fault", "no-such-fault", *place)[0] == 1
    assert "  cache-degraded" in run("faults", *place)[1]
    try:
        assert run("fault", "cache-degraded", *place)[0] == 0
        assert "* cache-degraded" in run("faults", *place)[1]
        assert "cache-degraded" in load(demo).faults
    finally:
        code, output = run("heal", *place)
    assert (code, "cache-degraded" in output, dict(load(demo).faults)) == (0, True, {})


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    code = "import sys; sys.modules['psutil'] = None; from signoff.cli.demo import demo; demo()"
    environ = os.environ | {"PYTHONPATH": str(Path(signoff.__file__).parents[1]), "LC_ALL": "C"}
    line = [sys.executable, "-c", code, "up", "--dir", str(tmp_path / "copy")]
    result = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "Error: psutil is not installed; run `pip install 'pytest-signoff[demo]'`.\n"
