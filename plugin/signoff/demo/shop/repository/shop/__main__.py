"""Serves one instance: `python -m shop` in the directory that holds `.env`."""

from __future__ import annotations

import sys

import uvicorn

from . import app, logs, services, settings


def main() -> None:
    """Serve until told to stop."""
    try:
        current = settings.load()
    except settings.SettingsError as error:
        sys.exit(f"shop: {error}; see .env.example")
    logs.configure(current)
    uvicorn.run(
        app.build(services.build(current)),
        host=current.address,
        port=current.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
