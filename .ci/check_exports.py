"""Give every export to the reader of its ecosystem, and require that the reader refuses it once it is broken.

The readers (compliance-trestle, inspecjs, …) would fight with the product's own dependencies, so they are installed
into a folder of their own, from lock files with hashes, and thrown away. Needs venv, node and npm.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "plugin" / "tests" / "reports" / "golden" / "exports"


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return change


BROKEN: dict[str, Callable[[Any], None]] = {
    "oscal-ar": _set("assessment-results", "results", 0, "findings", 0, "target", "status", "state", to="fine"),
    "oscal-poam": _set("plan-of-action-and-milestones", "poam-items", to=[]),
    "hdf": _set("profiles", 0, "controls", 0, "results", to=[]),
    "ctrf": _set("results", "tests", 0, "colour", to="green"),
    "sarif": _set("runs", 0, "tool", "driver", "name", to=None),
    "intoto": _set("predicate", "outcome", to="PASSED"),
    "svr": _set("predicate", "failures", to=[]),
}
NODE_FORMATS = frozenset({"hdf", "ctrf"})


class Readers:
    """The readers, installed."""

    def __init__(self, folder: Path) -> None:
        self._node = folder / "node"
        self._python = folder / "python" / "bin" / "python"
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        _run(sys.executable, "-m", "venv", folder / "python")
        _run(self._python, *pip, HERE / "readers" / "python.lock")
        self._node.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "readers" / name, self._node)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", folder=self._node)

    def read(self, name: str, path: Path) -> subprocess.CompletedProcess[str]:
        """Return how the reader of the format took the file."""
        program = (
            ["node", HERE / "readers" / "read.mjs"]
            if name in NODE_FORMATS
            else [
                self._python,
                HERE / "readers" / "read.py",
            ]
        )
        command = [str(part) for part in (*program, name, path, self._node)]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603


def _run(*command: str | Path, folder: Path | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=folder, timeout=600)  # noqa: S603


def problems(readers: Readers, folder: Path, scratch: Path) -> Iterator[str]:
    """Yield what is wrong with the exports of a folder, named `FORMAT.json` or `FORMAT.sarif`."""
    found = {path.stem: path for path in sorted(folder.iterdir()) if path.stem in BROKEN}
    if not found:
        yield f"{folder}: no export"
    for name, path in found.items():
        answer = readers.read(name, path)
        if answer.returncode:
            yield f"{path}: refused\n{answer.stdout}{answer.stderr}"
            continue
        print(f"{path.name}: {answer.stdout.strip()}", flush=True)
        document = json.loads(path.read_text(encoding="utf-8"))
        BROKEN[name](document)
        broken = scratch / path.name
        broken.write_text(json.dumps(document), encoding="utf-8")
        if not readers.read(name, broken).returncode:
            yield f"{path}: its reader takes a broken one too"


def main() -> int:
    """Return 0 if every reader takes every export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folders", nargs="*", type=Path, help="exports named after their formats, beside the golden ones"
    )
    arguments = parser.parse_args()
    missing = [name for name in BROKEN if not list(GOLDEN.glob(f"{name}.*"))]
    with tempfile.TemporaryDirectory(prefix="signoff-readers-") as scratch:
        readers = Readers(Path(scratch))
        wrong = [f"{GOLDEN}: lacks {name}" for name in missing]
        for folder in (GOLDEN, *arguments.folders):
            wrong += problems(readers, folder, Path(scratch))
    print(*wrong, sep="\n")
    print(f"exports: {'refused' if wrong else 'taken by every reader'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
