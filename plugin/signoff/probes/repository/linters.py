"""What the programs that know a deployment file say of it, without running it: shellcheck, Ansible, Terraform, Helm.

Answers: https://github.com/koalaman/shellcheck/wiki/Output-formats (json1),
https://developer.hashicorp.com/terraform/cli/commands/validate (-json), https://helm.sh/docs/helm/helm_lint/.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TIMEOUT = 60.0
_SHOWN = 200
_LEVELS = ("error", "warning", "info", "style")


def shellcheck(path: str, content: bytes, *, severity: str) -> tuple[str, ...]:
    """Return the findings of at least this severity in a shell script, as `line 3: SC2086 …`.

    Raises:
        NotVerifiedError: shellcheck is not installed, or its answer cannot be read.
    """
    done = _run(path, "shellcheck", ["--norc", "--format=json1", "--severity=style", "-"], content=content)
    comments = Node.parse(done.stdout, kind=f"{path}: shellcheck").at("comments").items()
    counted = _LEVELS[: _LEVELS.index(severity) + 1]
    return tuple(
        f"line {one.at('line').count()}: SC{one.at('code').count()} {one.at('message').text()}"[:_SHOWN]
        for one in comments
        if one.at("level").text() in counted
    )


def ansible(path: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what `ansible-playbook --syntax-check` says against the playbook; empty: nothing.

    Args:
        path: The playbook.
        files: The release's files, which the playbook may refer to.

    Raises:
        NotVerifiedError: Ansible is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="signoff-lint-") as folder:
        write(Path(folder), files)
        done = _run(
            path,
            "ansible-playbook",
            ["--syntax-check", "--inventory", "localhost,", path],
            folder=folder,
            variables={"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": f"{folder}/.ansible", "ANSIBLE_LOCALHOST_WARNING": "0"},
        )
    return () if done.returncode == 0 else (_first(done, "ERROR", folder),)


def terraform(path: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the errors of `terraform validate` in a folder; nothing is fetched, so its providers must be at hand.

    Raises:
        NotVerifiedError: Terraform is not installed, or providers or modules of the folder are not.
    """
    with tempfile.TemporaryDirectory(prefix="signoff-lint-") as folder:
        write(Path(folder), files)
        place = f"-chdir={Path(folder) / path}"
        ready = _run(path, "terraform", [place, "init", "-backend=false", "-input=false", "-no-color"], folder=folder)
        if ready.returncode:
            raise NotVerifiedError(
                f"{path}: terraform init: {_first(ready, 'Error', folder)}; keep a mirror of its providers here"
            )
        done = _run(path, "terraform", [place, "validate", "-json"], folder=folder)
    diagnostics = Node.parse(done.stdout, kind=f"{path}: terraform validate").at("diagnostics").items()
    return tuple(one.at("summary").text()[:_SHOWN] for one in diagnostics if one.at("severity").text() == "error")


def helm(path: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the errors of `helm lint --strict` in a chart.

    Raises:
        NotVerifiedError: Helm is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="signoff-lint-") as folder:
        write(Path(folder), files)
        done = _run(path, "helm", ["lint", "--strict", path], folder=folder)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    found = tuple(line.strip()[:_SHOWN] for line in lines if line.startswith(("[ERROR]", "[WARNING]", "Error:")))
    return () if done.returncode == 0 else found or (f"exit status {done.returncode}",)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files below an empty folder."""
    for name, content in files.items():
        if ".." in PurePosixPath(name).parts:
            raise NotVerifiedError(f"{name}: leads out of the release; rename it")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _run(  # noqa: PLR0913 - one program, and everything it is given
    path: str,
    program: str,
    arguments: Sequence[str],
    *,
    folder: str | None = None,
    content: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    beside_us = str(Path(sys.executable).parent)
    found = shutil.which(program) or shutil.which(program, path=beside_us)
    if found is None:
        raise NotVerifiedError(f"{path}: {program} is not installed where the checks run; install it")
    try:
        return subprocess.run(  # noqa: S603 - a fixed program that only reads what it is given
            [found, *arguments],
            input=content,
            capture_output=True,
            check=False,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder or os.devnull, "LC_ALL": "C.UTF-8"}
            | dict(variables or {}),
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"{path}: {program} took longer than {_TIMEOUT:g} s") from error


def _first(done: subprocess.CompletedProcess[bytes], word: str, folder: str) -> str:
    lines = (done.stderr + done.stdout).decode("utf-8", "replace").replace(f"{folder}/", "").splitlines()
    return next((line.strip() for line in lines if word in line), f"exit status {done.returncode}")[:_SHOWN]
