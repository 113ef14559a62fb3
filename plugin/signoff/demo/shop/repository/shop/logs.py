"""One JSON object a line, in the file that the central log collects."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import Settings

_EXTRA = ("request_id", "method", "route", "status", "ms")


class JsonFormatter(logging.Formatter):
    """Renders a record with what the middleware attached to it."""

    def __init__(self, *, host: str, service: str) -> None:
        super().__init__()
        self._fixed = {"host": host, "service": service}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._fixed,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(settings: Settings) -> None:
    """Send every logger's lines to the log file."""
    handler = logging.FileHandler(settings.log_file, encoding="utf-8")
    host = settings.instance.partition("-")[0] or socket.gethostname()
    handler.setFormatter(JsonFormatter(host=host, service="shop"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
