"""Every check of the checklist that comes with the product says what it asks, in words and in numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signoff.config.checklist import load_checklist
from signoff.meter import KINDS

CHECKS = [
    check for item in load_checklist(Path(__file__).parents[3] / "tests/checklist.yaml").items for check in item.checks
]


def test_every_check_promises_what_it_asks_at_most() -> None:
    assert [check.name for check in CHECKS if check.at_most is None or not check.touches] == []
    assert {kind for check in CHECKS for kind in check.at_most or ()} == {*KINDS, "seconds"}


def test_what_only_reads_files_asks_nobody() -> None:
    reads = [check for check in CHECKS if check.touches.startswith("reads a record")]
    assert len(reads) > 5
    assert {check.name: set(check.at_most or ()) for check in reads} == {check.name: {"seconds"} for check in reads}


WORDS = {
    "by SSH": "commands",
    r"\d (GETs?|HEAD|logins?|requests?)\b|Prometheus|Alertmanager|Sentry|Vault's|Amazon|AWS|IAM": "requests",
    "read-only transaction|SELECT|queries on the primary|queries of PostgreSQL|SHOW POOLS": "statements",
    r"\bINFO\b|Sentinel|SCAN": "cache_commands",
    "DNS quer": "lookups",
    r"TLS handshake|\d (TCP )?connections?\b": "connections",
    "opens each": "pages",
    "kubectl|Kubernetes|own programs|schemathesis": "programs",
}
"""What touches says, and the kind that is asked then; of several ways to an answer each must be allowed."""


@pytest.mark.parametrize(("words", "kind"), WORDS.items(), ids=WORDS.values())
def test_whatever_is_said_in_words_is_allowed_in_numbers(words: str, kind: str) -> None:
    said = [check for check in CHECKS if re.search(words, check.touches)]
    assert len(said) > 1
    assert [check.name for check in said if not (check.at_most or {}).get(kind)] == []
