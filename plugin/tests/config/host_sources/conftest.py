"""Environments whose hosts another source tells, and `ansible-inventory` to read it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config.inventory import load_inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist

BIN = Path(sys.executable).parent
PATH = f"{BIN}:/usr/bin:/bin"
INI = """\
[web]
web[1:2] ansible_user=${SSH_USER} app_port=8080 db_password=open-sesame
[web:vars]
signoff={"spec": {"cpus": 2}}
[dbs]
db1 ansible_port=2222
"""
SCRIPT = """\
#!/bin/sh
cat <<'END'
{"_meta": {"hostvars": {"w1": {"ansible_host": "192.0.2.1", "started": "SINCE", "note": "${HOME}"}}}, "web": ["w1"]}
END
"""


@pytest.fixture
def folder(tmp_path: Path, load: Callable[..., Inventory]) -> Path:
    """Return an environment's folder without hosts."""
    load()
    (tmp_path / "inventory" / "hosts.yaml").unlink()
    return tmp_path / "inventory"


@pytest.fixture
def read(folder: Path, checklist: Checklist) -> Callable[..., Inventory]:
    """Return the function `read(environ, answered="")` that loads the environment."""

    def read_(environ: Mapping[str, str] | None = None, *, answered: str = "") -> Inventory:
        given = {"PATH": PATH, "HOME": str(folder), "SSH_USER": "kim", **(environ or {})}
        return load_inventory(folder, checklist, given, answered=answered)

    return read_


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Return the function `program(text)`: an environment in which `ansible-inventory` is that shell script."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "bin" / "ansible-inventory"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:/usr/bin:/bin"}

    return write


def script(folder: Path, text: str, name: str = "hosts.sh") -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path
