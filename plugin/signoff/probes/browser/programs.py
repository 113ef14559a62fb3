"""Which browsers this machine has, and what they see of its environment."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHROMIUM_VARIABLE, FIREFOX_VARIABLE = "SIGNOFF_BROWSER", "SIGNOFF_FIREFOX"
CHROMIUM = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
FIREFOX = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "XDG_DATA_HOME")


def find(variable: str, names: Sequence[str]) -> str | None:
    """Return the program that the variable names, else the first that is installed; None if there is none.

    Raises:
        NotVerifiedError: the variable names what is no program.
    """
    named = os.environ.get(variable, "")
    for name in (named,) if named else names:
        if found := shutil.which(name):
            return found
    if named:
        raise NotVerifiedError(f"{variable} names {named!r}, which is no program here; correct it, or unset it")
    return None


def surroundings(home: str) -> dict[str, str]:
    """Return all of the environment that a browser sees: a secret of ours is none of its business."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR"), home)
