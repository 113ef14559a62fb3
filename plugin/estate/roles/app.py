"""The shop on an application host: blue takes the traffic, green stands beside it for the next release."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from estate import shop_release
from estate.layout import EstateError
from estate.roles.model import Role
from estate.roles.templates import put
from signoff.demo import lockfile, release
from signoff.demo.layout import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

BLUE_PORT, GREEN_PORT = 8000, 8001
SOURCE = "/srv/shop"
VENV = "/srv/venv"
SETTINGS = f"{SOURCE}/.env"
BLUE, GREEN = "shop", "shop-green"
"""Units of the two instances."""
_OWNER = "root:shop"
_ATTESTED_FOR = timedelta(days=90)
_OPEN_FOR = timedelta(days=3)
_RECIPE = """
useradd --system --home-dir /srv/shop --shell /usr/sbin/nologin shop
usermod --append --groups shop signoff
mkdir -p /srv/shop /var/log/shop
chown shop:adm /var/log/shop
chmod 2750 /var/log/shop
python3 -m venv --without-pip /srv/venv
# The Redis client needs it on this Debian's Python; a younger one that builds the estate does not have it.
cp -r /usr/lib/python3/dist-packages/async_timeout /srv/venv/lib/python3.11/site-packages/
"""
_PYTHON = (3, 11)


def _configure(host: Host, estate: Estate) -> None:
    if sys.version_info[:2] != _PYTHON:
        raise EstateError(f"the hosts have Python {_PYTHON[0]}.{_PYTHON[1]}; run the estate with the same")
    repository = shop_release.prepare(estate)
    release.export(repository, release.TAG, host.path(SOURCE))
    lockfile.install(host.path(VENV))
    put(host, estate, "app", private={SETTINGS: _OWNER}, blue_port=BLUE_PORT, green_port=GREEN_PORT, venv=VENV)
    host.enable(BLUE, GREEN)


def _ready(host: Host, estate: Estate) -> bool:
    asked = ("curl", "--silent", "--fail", "--max-time", "10")
    addresses = [f"http://{host.address}:{port}/readyz" for port in (BLUE_PORT, GREEN_PORT)]
    return all(estate.controller.ask(*asked, address).returncode == 0 for address in addresses)


def _exports(estate: Estate) -> Mapping[str, str]:
    repository = shop_release.prepare(estate)
    commit, now = load(repository).commit, datetime.now(UTC).replace(microsecond=0)
    return {
        "ESTATE_REPOSITORY": str(repository.repo),
        "ESTATE_COMMIT": commit,
        "ESTATE_RELEASE": f"{shop_release.VERSION}+{commit[:7]}",
        "ESTATE_MADE_AT": now.isoformat(),
        "ESTATE_ATTESTED_UNTIL": (now + _ATTESTED_FOR).isoformat(),
        "ESTATE_WINDOW_CLOSES": (now + _OPEN_FOR).isoformat(),
        **{f"ESTATE_{name.upper()}_PASSWORD": estate.secret(name) for name in shop_release.IDENTITIES},
    }


ROLE = Role(
    name="app",
    packages=("python3-venv", "python3-async-timeout"),
    recipe=_RECIPE,
    configure=_configure,
    ready=_ready,
    exports=_exports,
)
