"""Documents of the embedded environment that no repository holds: files on a share, one of which leads to the other."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from signoff.demo.layout import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

GUIDE, CONTACTS = "service-desk-guide.md", "contacts.md"
APPROVER = "Jisoo Han (release manager)"
_GUIDE = """\
---
title: Guide of the service desk
version: 1.2.0
date: {date}
approver: {approver}
---

# Guide of the service desk

## Questions

What customers ask, and the answers.

## Escalation

An order that was paid and cannot be found goes to the people in the [list of contacts](contacts.md).
"""
_CONTACTS = """\
# Contacts

Who is on duty is in the rota; this page says how to reach them.
"""


def folder(layout: Layout) -> Path:
    """Return the share."""
    return layout.dir / "documents"


def prepare(layout: Layout) -> None:
    """Write the documents."""
    folder(layout).mkdir(parents=True, exist_ok=True)
    today = dt.datetime.now(dt.UTC).date()
    write_guide(layout, _GUIDE.format(date=today, approver=APPROVER))
    write_atomically(folder(layout) / CONTACTS, _CONTACTS, mode=0o644)


def read_guide(layout: Layout) -> str:
    """Return the guide."""
    return (folder(layout) / GUIDE).read_text(encoding="utf-8")


def write_guide(layout: Layout, text: str) -> None:
    """Replace the guide."""
    write_atomically(folder(layout) / GUIDE, text, mode=0o644)
