"""Files of variables beside an inventory: `group_vars/NAME.yml` and `host_vars/NAME.yml`, or folders of such files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.config.layers import Layer
from signoff.config.yamlfile import VAULT_HINT, Document, did_you_mean, display_name, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

_ENDINGS = ("", ".yml", ".yaml", ".json")
"""In the order in which Ansible looks for them."""
_OTHERS = frozenset({".md", ".txt", ".rst", ".orig", ".bak", ".swp", ".cfg", ".retry"})
"""Endings that Ansible leaves aside."""


class VarsFiles:
    """Reads the files, and remembers what they said and how it was written."""

    def __init__(self, folder: Path, lookup: Callable[[str], str | None] | None) -> None:
        self._folder = folder
        self._lookup = lookup
        self.documents: list[Document] = []
        self.written: dict[str, Any] = {}
        """Name below the folder to the file's content, with `${NAME}` as written."""

    def read(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Layer, ...]]:
        """Return the variables for each of the names, the later ones win; mistakes are noted in `documents`.

        Args:
            kind: `group_vars` or `host_vars`.
            names: of all groups or hosts; a file for any other name is a mistake.
        """
        top = self._folder / kind
        if not top.is_dir():
            return {}
        found: dict[str, list[Path]] = {}
        for path in sorted(top.iterdir()):
            if not _is_ignored(path) and (path.suffix not in _OTHERS or path.name in names):
                found.setdefault(_name_of(path, names), []).append(path)
        return {name: tuple(self._layers(kind, name, paths, names)) for name, paths in found.items()}

    def _layers(self, kind: str, name: str, paths: list[Path], names: Collection[str]) -> Iterator[Layer]:
        what = kind.removesuffix("_vars")
        if name not in names:
            self._note(paths[0], f"no {what} is called {name!r}", did_you_mean(name, names) or "rename or remove it")
        elif len(paths) > 1:
            others = " and ".join(path.name for path in paths)
            self._note(paths[0], f"variables of {what} {name!r} stand in {others}", "keep one of them")
        else:
            for path in _files(paths[0]):
                yield from self._layer(path)

    def _note(self, path: Path, message: str, hint: str) -> None:
        document = Document(file=display_name(path))
        document.add((), message, hint)
        self.documents.append(document)

    def _layer(self, path: Path) -> Iterator[Layer]:
        document = read_yaml(path, self._lookup)
        self.documents.append(document)
        if document.data is None:
            return
        if not isinstance(document.data, dict):
            if str(document.data).startswith("$ANSIBLE_VAULT"):
                document.add((), "is encrypted by Ansible Vault", VAULT_HINT)
            else:
                document.add((), "must be a mapping of names to values", "write name: value, one a line")
            return
        written = read_yaml(path).data
        self.written[path.relative_to(self._folder).as_posix()] = written
        yield Layer(document, (), document.data, written)


def _name_of(path: Path, names: Collection[str]) -> str:
    """Return the group or host that a file or folder is for: host names have dots too."""
    if path.name in names or path.suffix not in _ENDINGS:
        return path.name
    return path.stem


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a folder in Ansible's order, those of inner folders in their place; or the file itself."""
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.iterdir()):
        if not _is_ignored(inner) and (inner.suffix in _ENDINGS and not (inner.is_dir() and inner.suffix)):
            yield from _files(inner)


def _is_ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name.endswith("~")
