"""A pytest plugin that counts the commands that a run sends to each host, into the file that ASKED_FILE names."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from signoff.transport import backend

_COUNTED: Counter[str] = Counter()
_RUN = backend.BoundedBackend.run


def _run(self: backend.BoundedBackend, *args: Any, **kwargs: Any) -> Any:
    _COUNTED[self._name] += 1
    return _RUN(self, *args, **kwargs)


def pytest_configure() -> None:
    """Begin to count."""
    backend.BoundedBackend.run = _run  # type: ignore[method-assign]


def pytest_sessionfinish() -> None:
    """Write what was counted."""
    Path(os.environ["ASKED_FILE"]).write_text(json.dumps(_COUNTED), encoding="utf-8")
