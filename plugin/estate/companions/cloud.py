"""The estate's cloud: an account of Amazon's, played by a contract fake (moto) in the controller's network."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from estate.companions.model import Companion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estate.estate import Estate

PORT = 5577
ENDPOINT = f"http://127.0.0.1:{PORT}"
"""As the controller sees it."""
KEY_ID = "AKIAESTATEEXAMPLE000"


def _is_installed() -> bool:
    """Whether moto is there; without it the estate has no cloud, and checks of it say that nobody answers."""
    return importlib.util.find_spec("moto") is not None and importlib.util.find_spec("flask") is not None


def _program(_estate: Estate) -> Sequence[str]:
    return (sys.executable, "-m", "estate.companions.aws_fake", str(PORT)) if _is_installed() else ()


def _ready(estate: Estate) -> bool:
    asked = ("curl", "--silent", "--max-time", "10", f"{ENDPOINT}/fake/state")
    return not _is_installed() or estate.controller.ask(*asked).returncode == 0


def _start(estate: Estate) -> None:
    if _is_installed():
        estate.controller.run(sys.executable, "-m", "estate.companions.aws_account", ENDPOINT)


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_AWS_KEY_ID": KEY_ID, "ESTATE_AWS_KEY": estate.secret("aws_key")}


COMPANION = Companion(name="cloud", program=_program, ready=_ready, start=_start, exports=_exports)
