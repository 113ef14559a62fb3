"""Which language people are spoken to in."""

from __future__ import annotations

import locale
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.model import Language


def choose_language(option: str | None = None) -> Language:
    """Return the language asked for, else the one of the locale, else English."""
    if option in {"ko", "en"}:
        return "ko" if option == "ko" else "en"
    names = (os.environ.get("LC_ALL"), os.environ.get("LC_MESSAGES"), os.environ.get("LANG"), locale.getlocale()[0])
    chosen = next((name for name in names if name), "")
    return "ko" if chosen.lower().startswith("ko") else "en"
