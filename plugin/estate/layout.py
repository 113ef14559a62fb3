"""Where everything of one estate lives, and the few facts that it remembers about itself."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import SignoffError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOME_VARIABLE = "ESTATE_HOME"
"""Names the folder of images and estates; `~/.cache/signoff-estate` without it."""

IMAGES_VARIABLE = "ESTATE_IMAGES"
"""Names the folder of images, for estates that share them; `images` below the home without it."""

_DEFAULT_HOME = "~/.cache/signoff-estate"
_SCHEMA = 1


class EstateError(SignoffError):
    """The estate cannot do what was asked; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What one estate remembers; written by `change` alone."""

    image: str
    """Digest of the image that its hosts were made from."""
    faults: Mapping[str, Any] = field(default_factory=dict)
    """Active faults: name -> whatever mending needs (plain JSON), in the order in which they were broken."""
    unfinished: tuple[str, ...] = ()
    """Faults that were being made or mended when something stopped it: what they left is unknown."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"schema_version": _SCHEMA, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> State:
        """Return the state that `to_dict` wrote.

        Raises:
            EstateError: it was written by another version.
        """
        values = dict(data)
        if values.pop("schema_version", None) != _SCHEMA:
            raise EstateError("state.json was written by another version; run `python -m estate down`, then `up`")
        return cls(**{**values, "unfinished": tuple(values.get("unfinished", ()))})


@dataclass(frozen=True, slots=True)
class Layout:
    """Every path of one estate; both folders are absolute."""

    home: Path
    images: Path
    """Finished images by digest; kept when the estate goes."""

    @property
    def dir(self) -> Path:
        """Everything of the running estate; removed when it goes."""
        return self.home / "estate"

    @property
    def hosts(self) -> Path:
        """One folder per host: its layer over the image, its root, its console."""
        return self.dir / "hosts"

    @property
    def networks(self) -> Path:
        """Files that keep the network namespaces alive, `lan`, `controller` and one per host."""
        return self.dir / "networks"

    @property
    def companions(self) -> Path:
        """What the programs beside the hosts keep, one folder each."""
        return self.dir / "companions"

    @property
    def authority(self) -> Path:
        """The estate's certificate authority."""
        return self.dir / "authority"

    @property
    def ca_file(self) -> Path:
        """Certificate that clients trust."""
        return self.authority / "ca.pem"

    @property
    def ssh(self) -> Path:
        """Client key and known hosts."""
        return self.dir / "ssh"

    @property
    def secrets_file(self) -> Path:
        """Passwords of the estate, made when they are first asked for."""
        return self.dir / "secrets.json"

    @property
    def resolv_conf(self) -> Path:
        """The controller's own resolv.conf."""
        return self.dir / "resolv.conf"

    @property
    def env_file(self) -> Path:
        """The `.env` that the inventory reads; written last: its presence means "up"."""
        return self.dir / ".env"

    @property
    def state_file(self) -> Path:
        """See `State`."""
        return self.dir / "state.json"

    @property
    def mark(self) -> str:
        """Short name of this estate in places shared with the machine, such as control groups."""
        return "estate-" + hashlib.sha256(str(self.home).encode()).hexdigest()[:8]


def layout_of_environment() -> Layout:
    """Return the layout that the environment variables name."""
    home = _folder(os.environ.get(HOME_VARIABLE) or _DEFAULT_HOME)
    images = os.environ.get(IMAGES_VARIABLE)
    return Layout(home, _folder(images) if images else home / "images")


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Replace the file in one step, so that no reader ever sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        os.fchmod(descriptor, mode)
    temporary.replace(path)


def load(layout: Layout) -> State:
    """Return what the estate remembers.

    Raises:
        EstateError: there is none.
    """
    try:
        text = layout.state_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EstateError(f"no estate in {layout.home}; start one with `python -m estate up`") from None
    return State.from_dict(json.loads(text))


def save(layout: Layout, state: State) -> None:
    """Write the whole state; use `change` unless the estate is being created."""
    write_atomically(layout.state_file, json.dumps(state.to_dict(), indent=1) + "\n")


def change(layout: Layout, edit: Callable[[State], State]) -> None:
    """Change what is remembered while nobody else does; `edit` gets the old state and returns the new."""
    with locked(layout.dir / "state.lock"):
        save(layout, edit(load(layout)))


def _folder(name: str) -> Path:
    return Path(name).expanduser().resolve()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file; waits for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
