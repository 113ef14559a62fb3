"""Error tracking: the contract fake of Sentry's API, run by systemd where the shop looks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import signoff
from estate.roles.model import Role
from estate.roles.templates import put
from signoff.demo import errortracking_settings
from signoff.demo.layout import Layout, State, save

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

PORT = 9000
UNIT = "error-tracker"
FOLDER = "/var/lib/error-tracker"
LIBRARY = "/opt/error-tracker/lib"
OWNER = "nobody:nogroup"
SETTINGS = f"{FOLDER}/hosts/mon1/etc/errortracking"
"""Folder of `project.json`, `rules.json` and `.env`."""
_MODULES = (
    "__init__",
    "errors",
    "demo/__init__",
    "demo/errortracking_server",
    "demo/errortracking_settings",
    "demo/errortracking_stats",
    "demo/layout",
    "probes/__init__",
    "probes/products/__init__",
    "probes/products/sentry",
)
"""What the server is made of; none of it needs more than Python itself."""


def _configure(host: Host, estate: Estate) -> None:
    source = Path(signoff.__file__).parent
    for module in _MODULES:
        text = (source / f"{module}.py").read_text(encoding="utf-8")
        host.write(f"{LIBRARY}/signoff/{module}.py", text)
    host.make_folder(FOLDER, mode=0o755)
    layout = Layout(host.path(FOLDER))
    state = State(ports={"sentry": PORT}, passwords={"sentry_token": estate.secret("sentry_token")}, runtime_dir=FOLDER)
    save(layout, state)
    errortracking_settings.prepare(layout)
    put(host, estate, "error_tracker", library=LIBRARY, folder=FOLDER)
    host.enable(UNIT)


def _ready(host: Host, estate: Estate) -> bool:
    asked = ("curl", "--silent", "--fail", "--max-time", "10", f"http://{host.address}:{PORT}/_health/")
    return estate.controller.ask(*asked).returncode == 0


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_SENTRY_TOKEN": estate.secret("sentry_token")}


ROLE = Role(name="error_tracker", configure=_configure, ready=_ready, exports=_exports)
