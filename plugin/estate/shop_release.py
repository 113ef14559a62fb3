"""The shop that the estate serves: the release of the embedded environment, with the estate's own passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.layout import locked
from signoff.demo import release
from signoff.demo.layout import PASSWORDS, Layout, State, save
from signoff.demo.seed import ACCOUNTS

if TYPE_CHECKING:
    from estate.estate import Estate

TAG = release.TAG
VERSION = "1.0.0"
IDENTITIES = tuple(password for *_, password in ACCOUNTS)
"""Names of the secrets of those who can log in: a customer, another one, an administrator."""


def prepare(estate: Estate) -> Layout:
    """Return the release's repository, building it the first time."""
    layout = Layout(estate.layout.dir / "release")
    with locked(estate.layout.dir / "release.lock"):
        if not layout.state_file.exists():
            layout.dir.mkdir(parents=True, exist_ok=True)
            passwords = {name: estate.secret(name) for name in PASSWORDS}
            save(layout, State(ports={}, passwords=passwords, runtime_dir=str(layout.dir)))
            release.build_repository(layout)
    return layout
