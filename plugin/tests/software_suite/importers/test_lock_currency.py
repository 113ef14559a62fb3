"""Lock files against the project that they were made from, and trees of node_modules against theirs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from packaging.markers import default_environment

from signoff.errors import NotVerifiedError
from signoff.importers.locks import lock, node_tree
from signoff.importers.locks.lock_current import content_hash, stale
from signoff.probes.hosts import node_environment

if TYPE_CHECKING:
    from pathlib import Path

HERE = {key: str(value) for key, value in default_environment().items()}
DEPENDENCIES = ["psutil>=5.9,<6", "idna; os_name == 'nt'"]
PROJECT = f'[project]\nname = "shop"\nrequires-python = ">=3.11"\ndependencies = {json.dumps(DEPENDENCIES)}\n'.encode()
GROUPED = {
    "project": {
        "requires-python": ">=3.11",
        "dependencies": ["iniconfig>=2"],
        "optional-dependencies": {"a": ["idna>=3"]},
    },
    "tool": {"poetry": {"package-mode": False, "group": {"dev": {"dependencies": {"sniffio": "*"}}}}},
    "dependency-groups": {"t": ["h11"]},
}
LEGACY = {"tool": {"poetry": {"name": "x", "dependencies": {"python": ">=3.11", "iniconfig": "^2"}}}}


def poetry(digest: str, version: str = "5.9.5") -> bytes:
    package = f'[[package]]\nname = "psutil"\nversion = "{version}"\ngroups = ["main"]\n'
    return f'{package}[metadata]\nlock-version = "2.1"\ncontent-hash = "{digest}"\n'.encode()


def uv(*requires: str) -> bytes:
    dist = ", ".join(
        f'{{ name = "{one.partition(" ")[0]}", specifier = "{one.partition(" ")[2]}" }}' for one in requires
    )
    own = '[[package]]\nname = "shop"\nsource = { virtual = "." }\ndependencies = [{ name = "psutil" }]\n'
    other = '[[package]]\nname = "psutil"\nversion = "5.9.5"\n'
    return f"{own}[package.metadata]\nrequires-dist = [{dist}]\n{other}".encode()


def departures(name: str, text: bytes, project: bytes = PROJECT) -> tuple[str, ...]:
    return stale(name, text, project, lock.read(name, text, environment=HERE), environment=HERE)


def test_the_digest_is_the_one_that_poetry_writes() -> None:
    """Computed by Poetry 2.x itself for these two documents."""
    assert content_hash(GROUPED) == "71cf1c62ab71b1d14e865c31779bcef8c8fdd1c7dd9e764eb3b59e693d235882"
    assert content_hash(GROUPED, with_groups=False).startswith("36dc1a0260acd147")
    assert content_hash(LEGACY) == "0eb52f1819afa3689de958baf068c6a998b9abd2b784feba07e8cb44b360e802"


def test_a_lock_that_follows_its_project_is_current() -> None:
    digest = content_hash({"project": {"requires-python": ">=3.11", "dependencies": DEPENDENCIES}})
    hashed = b"psutil==5.9.5 --hash=sha256:" + b"0" * 64
    assert departures("poetry.lock", poetry(digest)) == ()
    assert departures("uv.lock", uv("psutil >=5.9,<6", "idna ")) == ()
    assert departures("requirements.txt", hashed) == ()


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("poetry.lock", poetry("0" * 64), "content-hash is of another"),
        ("poetry.lock", poetry("0" * 64, "7.0.0"), "psutil 7.0.0 is locked, the project asks for"),
        ("uv.lock", uv("psutil >=5.8", "idna "), "made with other dependencies: psutil"),
        ("uv.lock", uv("psutil >=5.9,<6"), "made with other dependencies: idna"),
        ("requirements.txt", b"idna==3.1 --hash=sha256:" + b"0" * 64, "psutil is not locked"),
        ("requirements.txt", b"psutil==7.0.0 --hash=sha256:" + b"0" * 64, "psutil 7.0.0 is locked"),
    ],
)
def test_a_lock_of_another_project_is_not(name: str, text: bytes, complaint: str) -> None:
    assert any(complaint in one for one in departures(name, text))


@pytest.mark.parametrize("project", [b"[project", b"[tool.x]\n", b'[project]\ndependencies = ["?"]\n'])
def test_a_project_that_cannot_be_read_proves_nothing(project: bytes) -> None:
    with pytest.raises(NotVerifiedError, match=r"pyproject\.toml"):
        departures("requirements.txt", b"psutil==5.9.5 --hash=sha256:" + b"0" * 64, project)


PACKAGES: dict[str, Any] = {
    "": {"dependencies": {"express": "^4"}},
    "node_modules/express": {"version": "4.19.2"},
    "node_modules/express/node_modules/ms": {"version": "2.0.0"},
    "node_modules/@scope/util": {"version": "1.0.0"},
    "node_modules/fsevents": {"version": "2.3.3", "optional": True},
    "node_modules/jest": {"version": "29.0.0", "dev": True},
}
PACKAGE_LOCK = json.dumps({"lockfileVersion": 3, "packages": PACKAGES}).encode()


def install(folder: Path, packages: dict[str, str]) -> None:
    for name, version in packages.items():
        place = folder / name
        place.mkdir(parents=True)
        (place / "package.json").write_text(json.dumps({"version": version}))


INSTALLED = {
    name: str(one["version"])
    for name, one in PACKAGES.items()
    if name and "fsevents" not in name and "jest" not in name
}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node (apt: nodejs)")
def test_a_node_tree_is_compared_folder_by_folder(here: Any, tmp_path: Path) -> None:
    install(tmp_path / "app", INSTALLED)
    version, found = node_environment.read(here, "app")

    assert version.startswith("v")
    assert found == INSTALLED
    with pytest.raises(NotVerifiedError, match="no package"):
        node_environment.read(here, str(tmp_path / "nowhere"))
    with pytest.raises(NotVerifiedError, match=r"correct signoff\.node"):
        node_environment.read(here, "app", node="no-such-node")


def test_gaps_of_a_node_tree() -> None:
    locked = node_tree.read(PACKAGE_LOCK)
    changed = INSTALLED | {
        "node_modules/express": "4.0.0",
        "node_modules/jest": "29.0.0",
        "node_modules/left-pad": "1.0.0",
    }
    del changed["node_modules/@scope/util"]

    assert node_tree.gaps(locked, INSTALLED, development=False) == ((), (), ())
    assert node_tree.gaps(locked, changed, development=False) == (
        ("@scope/util 1.0.0",),
        ("express 4.0.0, locked 4.19.2",),
        ("jest 29.0.0", "left-pad 1.0.0"),
    )
    assert node_tree.gaps(locked, INSTALLED, development=True)[0] == ("jest 29.0.0",)
    with pytest.raises(NotVerifiedError, match="wants no package"):
        node_tree.read(b'{"packages": {"": {}}}')


def test_package_json_and_its_lock() -> None:
    right = json.dumps({"dependencies": {"express": "^4"}}).encode()
    assert departures("package-lock.json", PACKAGE_LOCK, right) == ()
    assert departures("package-lock.json", PACKAGE_LOCK, b'{"dependencies": {"express": "^5"}}')
