"""What the record of a run says of its beginning: the selection as typed, who started it, and of which commit."""

from __future__ import annotations

import getpass
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def selector(config: pytest.Config) -> str:
    """Return the selection as typed."""
    option = config.option
    parts = [f"-m {option.markexpr}"] if option.markexpr else []
    parts += [f"-k {option.keyword}"] if option.keyword else []
    parts += [f"--owner {owner}" for owner in option.owner] + [f"--stage {stage}" for stage in option.stage]
    parts += [f"--hosts {option.hosts}"] if getattr(option, "hosts", None) else []
    parts += [f"--limit {option.limit}"] if option.limit else []
    parts += [f"--deselect {test}" for test in option.deselect or ()]
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        parts += config.args
    return " ".join(parts)


def user() -> str:
    """Return who started the run; empty where the system has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user id
        return ""


def git_revision(root: Path) -> str:
    """Return the commit of the folder; empty where there is none, or no git."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
