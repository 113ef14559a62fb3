"""`signoff init` gives a team a suite that works, whole or not at all, and never over somebody's files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from signoff.cli import init as init_module
from signoff.cli.init import init, suite_source
from signoff.workspace import Workspace, find_root


def _run(folder: Path, language: str = "en") -> Result:
    return CliRunner().invoke(init, [str(folder), "--lang", language])


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_suite_is_written_with_everything_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "suite"
    result = _run(folder)
    assert result.exit_code == 0, result.output
    assert {
        ".gitignore",
        "conftest.py",
        "inventories/demo/hosts.yaml",
        "inventories/production/.env.example",
        "inventories/production/services.yaml",
        "pyproject.toml",
        "reports/README.md",
        "tests/checklist.yaml",
        "tests/infra/conftest.py",
    } <= _files(folder)
    assert "signoff plan" in result.output
    assert [path.name for path in folder.parent.iterdir()] == ["suite"]


def test_nothing_private_or_generated_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    for part in init_module.PARTS:
        if (suite_source() / part).is_dir():
            # What Python compiles there meanwhile comes and goes.
            shutil.copytree(suite_source() / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif (suite_source() / part).is_file():
            (source / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(suite_source() / part, source / part)
    (source / "inventories/production/.env").write_text("SECRET=1")
    (source / "tests/infra/__pycache__").mkdir(exist_ok=True)
    (source / "tests/infra/__pycache__/conftest.cpython-311.pyc").write_bytes(b"")
    (source / "inventories/staging").mkdir()
    monkeypatch.setattr(init_module, "suite_source", lambda: source)
    _run(tmp_path / "suite")
    names = _files(tmp_path / "suite")
    assert "tests/checklist.yaml" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith("/.env") or "staging" in name]


def test_empty_folder_is_filled_in_place(tmp_path: Path) -> None:
    inode = tmp_path.stat().st_ino
    assert _run(tmp_path).exit_code == 0
    assert tmp_path.stat().st_ino == inode
    assert not list(tmp_path.glob(".signoff-init-*"))
    assert (tmp_path / "tests" / "checklist.yaml").is_file()


def test_suite_loads_from_its_own_folder(tmp_path: Path) -> None:
    """The settings are found, and both inventories belong to the checklist."""
    folder = tmp_path / "suite"
    _run(folder)
    environ = (folder / "inventories/production/.env.example").read_text()
    (folder / "inventories/production/.env").write_text(environ)
    workspace = Workspace.load(find_root(folder / "tests"), inventory="production")
    assert workspace.root == folder
    assert workspace.planned


def test_pytest_takes_the_settings(tmp_path: Path) -> None:
    """Strict settings: an unknown or wrongly typed one would end pytest."""
    folder = tmp_path / "suite"
    _run(folder)
    shutil.copyfile(folder / "inventories/production/.env.example", folder / "inventories/production/.env")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--inventory", "production", "-m", "cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cache_has_memory_to_spare" in done.stdout


def test_settings_are_those_of_the_repository() -> None:
    """Only what is about this repository's own discipline or the suite's own freedom may differ."""
    repository = Path(init_module.__file__).parents[3] / "pyproject.toml"
    if not repository.is_file():
        pytest.skip("installed, no repository to compare with")
    template = Path(init_module.__file__).parent / "suite_files" / "pyproject.toml"
    ours = tomllib.loads(repository.read_text())["tool"]["pytest"]
    theirs = tomllib.loads(template.read_text())["tool"]["pytest"]
    for name in ("filterwarnings", "timeout"):
        ours.pop(name, None)
        theirs.pop(name, None)
    assert theirs == ours


@pytest.mark.parametrize("language", ["ko", "en"])
def test_files_of_others_are_never_touched(tmp_path: Path, language: str) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = _run(tmp_path, language)
    assert result.exit_code != 0
    assert "notes.txt" in result.output
    assert _files(tmp_path) == {"notes.txt"}


def test_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite").write_text("mine")
    result = _run(tmp_path / "suite")
    assert result.exit_code != 0
    assert "is not a folder" in result.output


@pytest.mark.parametrize("existed", [True, False])
def test_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existed: bool) -> None:
    folder = tmp_path / "suite"
    if existed:
        folder.mkdir()

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    result = _run(folder)
    assert result.exit_code != 0
    assert "No space left" in result.output
    assert folder.exists() == existed
    assert _files(tmp_path) == set()


def test_incomplete_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_module, "suite_source", lambda: tmp_path / "nowhere")
    result = _run(tmp_path / "suite")
    assert result.exit_code != 0
    assert "install pytest-signoff again" in result.output
    assert not (tmp_path / "suite").exists()


def test_failing_move_into_an_existing_folder_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "suite"
    folder.mkdir()
    rename = Path.rename

    def refuse_tests(path: Path, target: Path) -> Path:
        if path.name == "tests":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_tests)
    result = _run(folder)
    assert result.exit_code != 0
    assert "Permission denied" in result.output
    assert list(folder.iterdir()) == []
