"""Settings of one instance, from the environment and `.env` only; `.env.example` explains each."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotenv import dotenv_values

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(Exception):
    """A setting is missing or malformed; names the variable, never its value."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Secrets are kept out of `repr`, and so out of every log and traceback."""

    instance: str
    port: int
    address: str = "127.0.0.1"
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    payment_api_key: str = field(repr=False)
    error_tracking_dsn: str = field(repr=False)
    log_file: str
    database_pool_size: int
    session_idle_seconds: int
    session_lifetime_seconds: int


def load() -> Settings:
    """Return the settings; what is set in the environment wins over `.env` in the working directory.

    Raises:
        SettingsError: a variable is missing or is no number.
    """
    return parse({**dotenv_values(".env", interpolate=False), **os.environ})


def parse(values: Mapping[str, str | None]) -> Settings:
    """Return the settings that the variables describe."""
    return Settings(
        instance=_text(values, "SHOP_INSTANCE"),
        port=_number(values, "SHOP_PORT"),
        address=values.get("SHOP_ADDRESS") or Settings.address,
        database_url=_text(values, "SHOP_DATABASE_URL"),
        redis_url=_text(values, "SHOP_REDIS_URL"),
        payment_api_key=_text(values, "SHOP_PAYMENT_API_KEY"),
        error_tracking_dsn=_text(values, "SHOP_ERROR_TRACKING_DSN"),
        log_file=_text(values, "SHOP_LOG_FILE"),
        database_pool_size=_number(values, "SHOP_DATABASE_POOL_SIZE"),
        session_idle_seconds=_number(values, "SHOP_SESSION_IDLE_SECONDS"),
        session_lifetime_seconds=_number(values, "SHOP_SESSION_LIFETIME_SECONDS"),
    )


def _text(values: Mapping[str, str | None], name: str) -> str:
    value = values.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _number(values: Mapping[str, str | None], name: str) -> int:
    text = _text(values, name)
    if not text.isdecimal() or int(text) == 0:
        raise SettingsError(f"{name} is not a positive whole number")
    return int(text)
