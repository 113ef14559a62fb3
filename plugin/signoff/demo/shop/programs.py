"""The four instances of the shop: blue on app1 and app2, and green beside each, ready to be switched to."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from signoff.demo import cache, postgres
from signoff.demo.layout import Program, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from signoff.demo.layout import Layout

APP_HOSTS = ("app1", "app2")
POOL_SIZE = 5


def shop_programs(layout: Layout) -> list[Program]:
    """Return all instances; each host must have been deployed to."""
    return [_program(layout, host, green=green) for green in (False, True) for host in APP_HOSTS]


def name_of(host: str, *, green: bool = False) -> str:
    """Return the name of the program on the host."""
    return f"shop-{host}-green" if green else f"shop-{host}"


def source(layout: Layout, host: str) -> Path:
    """Return the directory that the release was exported to."""
    return layout.host(host) / "srv" / "shop"


def interpreter(layout: Layout, host: str) -> Path:
    """Return the Python that the shop runs with."""
    return layout.host(host) / "srv" / "venv" / "bin" / "python"


def settings(layout: Layout, host: str) -> dict[str, str]:
    """Return what belongs into the host's `.env`."""
    return {
        "SHOP_INSTANCE": host,
        "SHOP_PORT": str(layout.port(host)),
        "SHOP_DATABASE_URL": postgres.url(layout, "shop_app"),
        "SHOP_REDIS_URL": cache.url(layout, "shop"),
        "SHOP_PAYMENT_API_KEY": layout.password("payment_api_key"),
        "SHOP_ERROR_TRACKING_DSN": f"http://shop@127.0.0.1:{layout.port('sentry')}/1",
        "SHOP_LOG_FILE": str(layout.host(host) / "var" / "log" / "shop.log"),
        "SHOP_DATABASE_POOL_SIZE": str(POOL_SIZE),
        "SHOP_SESSION_IDLE_SECONDS": "900",
        "SHOP_SESSION_LIFETIME_SECONDS": "1800",
    }


def write_settings(layout: Layout, host: str, values: Mapping[str, str]) -> None:
    """Write the host's `.env`, readable by its owner only."""
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    write_atomically(source(layout, host) / ".env", text, mode=0o600)


def is_ready(layout: Layout, port: str, *, seconds: float = 10.0) -> bool:
    """Return whether the instance on the port (one of `layout.PORTS`) says that it is ready."""
    url = f"http://127.0.0.1:{layout.port(port)}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:
            return bool(response.status == 200)  # noqa: PLR2004 - OK
    except (OSError, urllib.error.HTTPError):
        return False


def _program(layout: Layout, host: str, *, green: bool) -> Program:
    port = f"{host}_green" if green else host
    override = {"SHOP_INSTANCE": f"{host}-green", "SHOP_PORT": str(layout.port(port))} if green else {}
    return Program(
        name=name_of(host, green=green),
        argv=(str(interpreter(layout, host)), "-m", "shop"),
        cwd=source(layout, host),
        env=override,
        ready=lambda: is_ready(layout, port),
        host=host,
        address=f"http://127.0.0.1:{layout.port(port)}",
    )
