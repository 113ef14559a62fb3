"""How long logrotate keeps a file's lines, by its configuration."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase

from signoff.errors import NotVerifiedError

_DAYS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
_BLOCK = re.compile(r"(?P<names>[^{}]*)\{(?P<body>[^{}]*)\}")
_SCRIPT = re.compile(
    r"^\s*(?:prerotate|postrotate|firstaction|lastaction|preremove)\b.*?^\s*endscript\b", re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_SIZES = frozenset({"size", "minsize"})
"""A file that grows slowly is then turned over late: days say nothing."""


def keeps(text: str, path: str) -> timedelta | None:
    """Return how long a line can still be read after it was written; None: for ever.

    Args:
        text: A configuration file of logrotate.
        path: Of the log; the file's patterns are tried on it.

    Raises:
        NotVerifiedError: it says nothing about this path, or not in days.
    """
    plain = _COMMENT.sub("", _SCRIPT.sub("", text))
    defaults: dict[str, str] = {}
    end = 0
    for block in _BLOCK.finditer(plain):
        *general, names = ["", *_paragraph(plain[end : block.start()] + block["names"])]
        defaults |= _directives("\n".join(general))
        end = block.end()
        if any(fnmatchcase(path, pattern.strip("\"'")) for pattern in names.split()):
            return _kept(defaults | _directives(block["body"]), path)
    raise NotVerifiedError(f"logrotate's configuration says nothing about {path}; name the right file in `rotation:`")


def _paragraph(text: str) -> list[str]:
    """Return the lines before a block, the names of its files joined as the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    general = [line for line in lines if not line.startswith(("/", '"', "'", "*")) and "/" not in line]
    return [*general, " ".join(line for line in lines if line not in general)]


def _directives(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name in _DAYS:
            found["period"] = name
        elif name:
            found[name] = value.strip().lstrip("=").strip()
    return found


def _kept(directives: dict[str, str], path: str) -> timedelta | None:
    limits: list[float] = []
    if "maxage" in directives:
        limits.append(_number(directives["maxage"], "maxage", path))
    count = _number(directives.get("rotate", "0"), "rotate", path)
    if count >= 0:
        if not _SIZES.isdisjoint(directives):
            raise NotVerifiedError(f"{path}: logrotate turns it over by size, so nobody can say for how many days")
        if "period" not in directives:
            raise NotVerifiedError(f"{path}: logrotate's configuration has no period; write daily")
        limits.append(count * _DAYS[directives["period"]])
    return timedelta(days=min(limits)) if limits else None


def _number(text: str, name: str, path: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise NotVerifiedError(f"{path}: {name} of logrotate is no number") from None
