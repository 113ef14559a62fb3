"""SPF and DMARC: who may send mail in a domain's name, and what becomes of mail from everybody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLOSED = re.compile(r"(?:^|\s)(?:[-~]all|redirect=\S+)(?:\s|$)", re.IGNORECASE)
_POLICY = re.compile(r"(?:^|;)\s*p\s*=\s*(\w+)\s*(?:;|$)", re.IGNORECASE)


def spf_mistake(texts: Iterable[str]) -> str:
    """Return what is wrong with the SPF record among a name's TXT records; empty: nothing.

    RFC 7208: exactly one record, which must say what holds for everybody else; `?all` and `+all` protect nobody.
    """
    records = [text for text in map(_joined, texts) if re.match(r"v=spf1(?:\s|$)", text, re.IGNORECASE)]
    if len(records) != 1:
        return f"{len(records) or 'no'} SPF record{'s' if records else ''}"
    return "" if _CLOSED.search(records[0]) else f"SPF lets everybody send: {records[0][:80]}"


def dmarc_mistake(texts: Iterable[str], policies: Iterable[str]) -> str:
    """Return what is wrong with the DMARC record among a name's TXT records; empty: nothing (RFC 7489)."""
    records = [text for text in map(_joined, texts) if re.match(r"v=DMARC1\s*(?:;|$)", text)]
    if len(records) != 1:
        return f"{len(records) or 'no'} DMARC record{'s' if records else ''}"
    policy = _POLICY.search(records[0])
    found = policy[1].lower() if policy else "missing"
    return "" if found in set(policies) else f"DMARC policy is {found}"


def _joined(value: str) -> str:
    # One TXT record may be several strings in a row, which count as one text.
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', value)) or value
