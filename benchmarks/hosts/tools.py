"""Installs the other tools into a cache of their own, so that neither the repository nor its environment knows them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_CACHE = Path.home() / ".cache" / "signoff-benchmarks"
_PEERS = ["pytest==9.2.0", "pytest-testinfra==10.2.2", "paramiko==5.1.0", "ansible-core==2.19.14", "mitogen==0.3.54"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pythons:
    """Interpreters of two virtual environments; neither has what only our developers need."""

    peers: Path
    ours: Path
    """The product as somebody installs it, in place; the floor runs there too."""


def install() -> Pythons:
    """Make both virtual environments; later calls find them. The first needs the package registry."""
    with (_REPOSITORY / "pyproject.toml").open("rb") as settings:
        needs = tomllib.load(settings)["project"]["dependencies"]
    return Pythons(
        peers=_environment("peers", _PEERS, "\n".join(_PEERS)),
        ours=_environment("ours", ["--editable", str(_REPOSITORY)], "\n".join(needs)),
    )


def _environment(name: str, packages: list[str], wanted: str) -> Path:
    folder = _CACHE / name
    mark = folder / "installed.txt"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != wanted:
        print(f"installing into {folder}: {' '.join(packages)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "-qq", *packages], check=True)
        mark.write_text(wanted, encoding="utf-8")
    return folder / "bin/python"


def has_serverspec() -> bool:
    """Return whether Ruby's serverspec is there; it is a system package, so nobody installs it behind your back."""
    if not shutil.which("rspec"):
        return False
    return (
        subprocess.run(["ruby", "-e", "require 'serverspec'"], check=False, stderr=subprocess.DEVNULL).returncode == 0
    )
