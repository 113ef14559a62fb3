from __future__ import annotations

import sys
import venv
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.locks.locked import LockedPackage, locked
from signoff.probes.hosts.python_environment import Differences, differences, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Where the packages of a real, empty virtual environment at `venv` lie."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    return next((tmp_path / "venv" / "lib").glob("python*/site-packages"))


def install(folder: Path, name: str, version: str) -> None:
    record = folder / f"{name}-{version}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


def test_an_interpreter_on_the_host_tells_its_packages_and_markers(here: Any, packages: Path) -> None:
    install(packages, "psutil", "5.9.5")
    install(packages, "Typing_Extensions", "4.12.0")

    seen = read(here, "venv/bin/python")

    assert seen.packages == {"psutil": ("5.9.5",), "typing-extensions": ("4.12.0",)}
    assert seen.version == seen.markers["python_full_version"] == sys.version.split()[0]
    assert seen.markers["sys_platform"] == sys.platform
    assert seen.broken == 0


def test_the_callers_variables_and_folder_do_not_change_what_is_seen(
    here: Any, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, "psutil", "5.9.5")
    install(tmp_path, "stray", "1.0")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert read(here, "venv/bin/python").packages == {"psutil": ("5.9.5",)}


def test_remains_of_a_broken_upgrade_are_seen(here: Any, packages: Path) -> None:
    install(packages, "psutil", "5.9.4")
    install(packages, "psutil", "5.9.5")
    (packages / "~sutil-5.9.3.dist-info").mkdir()

    seen = read(here, "venv/bin/python")

    assert sorted(seen.packages["psutil"]) == ["5.9.4", "5.9.5"]
    assert seen.broken == 1
    assert differences(seen, [locked("psutil", "5.9.5")]).different


def test_a_missing_interpreter_cannot_be_judged(here: Any) -> None:
    with pytest.raises(NotVerifiedError, match=r"srv/venv/bin/python: .*not found; correct signoff\.python"):
        read(here, "srv/venv/bin/python")


def test_a_program_that_is_no_python_cannot_be_judged(here: Any) -> None:
    with pytest.raises(NotVerifiedError, match="/bin/echo: its answer cannot be read"):
        read(here, "/bin/echo")


def test_an_empty_environment_cannot_be_judged(here: Any, packages: Path) -> None:
    assert not any(packages.iterdir())

    with pytest.raises(NotVerifiedError, match="no package is installed"):
        read(here, "venv/bin/python")


LOCK = [locked("psutil", "5.9.5"), locked("starlette", "1.0"), locked("torch", "2.0")]


@pytest.mark.parametrize(
    ("installed", "lock", "expected"),
    [
        ({"psutil": "5.9.5", "starlette": "1.0.0", "torch": "2.0"}, LOCK, ((), (), ())),
        ({"psutil": "7.0.0", "starlette": "1.0", "torch": "2.0"}, LOCK, ((), ("psutil 7.0.0, locked 5.9.5",), ())),
        ({"psutil": "5.9.5", "torch": "2.0"}, LOCK, (("starlette 1.0",), (), ())),
        ({"psutil": "5.9.5", "starlette": "1.0", "torch": "2.0+cpu"}, LOCK, ((), ("torch 2.0+cpu, locked 2.0",), ())),
        (
            {"psutil": "5.9.5", "starlette": "1.0", "torch": "2.0", "ipdb": "1"},
            LOCK,
            ((), (), ("ipdb 1",)),
        ),
        ({"pip": "26", "shop": "1"}, [locked("pip", "25")], ((), (), ())),
        ({"local": "0.0.1"}, [locked("local", "")], ((), (), ())),
        ({"odd": "not-a-version"}, [locked("odd", "not-a-version")], ((), (), ())),
    ],
)
def test_differences(
    here: Any, packages: Path, installed: dict[str, str], lock: list[LockedPackage], expected: tuple[Any, ...]
) -> None:
    for name, version in installed.items():
        install(packages, name, version)

    seen = differences(read(here, "venv/bin/python"), lock, ignore=["pip", "Shop"])

    missing, different, extra = expected
    assert seen == Differences(missing=missing, different=different, extra=extra)
    assert seen.count == len(missing) + len(different) + len(extra)
