"""What a secret in a text looks like: published token formats, and random values assigned to a telling name.

A finding says where, never what: the value exists in memory only while its line is judged. The rules prefer silence
to noise, because a check that cries wolf gets waived; a scanner's SARIF report can be required beside them.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = (
    r"(?:api|access|auth|client|encryption|private|secret|signing)[_-]?(?:key|token)"
    r"|token|secret|passwd|password|credential"
)
_LEAST_BITS = 3.0
"""Bits of entropy per character of a random value."""
_LEAST_CHANGES = 5
"""Changes between small letters, capitals and digits in a random value; `sha256WithRSA` or `us-east-1` have fewer."""
_PLACEHOLDER = re.compile(
    r"\$|\{|%\(|<|\*\*|\.\.\.|xxx|example|sample|dummy|changeme|change[_-]me|placeholder|your[_-]|fixme|redacted|insert",
    re.IGNORECASE,
)
_RUN_KEY = secrets.token_bytes(16)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One kind of secret. Every line that `pattern` finds holds one of the `hints`, in any case."""

    id: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    random: bool = False
    """Whether the pattern alone proves nothing and the value in its group must look random too."""


def _rule(rule_id: str, hints: str, pattern: str, *, random: bool = False) -> Rule:
    return Rule(id=rule_id, hints=tuple(hints.split()), pattern=re.compile(pattern), random=random)


RULES = (
    _rule("private-key", "-----BEGIN", r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)(?![\"'])"),
    _rule("age-secret-key", "AGE-SECRET-KEY-", r"(AGE-SECRET-KEY-1[0-9A-Z]{58})"),
    _rule("aws-access-key", "A3T ABIA ACCA AKIA ASIA", r"\b((?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16})\b"),
    _rule("github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"\b(gh[pousr]_\w{36,}|github_pat_\w{82})"),
    _rule("gitlab-token", "glpat- gldt- glrt- glptt-", r"\b(gl(?:pat|dt|rt|ptt)-[\w-]{20,})"),
    _rule("google-api-key", "AIza", r"\b(AIza[\w-]{35})"),
    _rule("jwt", "eyJ", r"\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,})"),
    _rule("npm-token", "npm_ _authToken", r"(\bnpm_[A-Za-z0-9]{36}|_authToken=[\w-]{36})"),
    _rule("openai-key", "T3BlbkFJ", r"\b(sk-[\w-]*T3BlbkFJ[\w-]{20,})"),
    _rule("pypi-token", "pypi-AgE", r"\b(pypi-AgE[\w-]{50,})"),
    _rule("sendgrid-key", "SG.", r"\b(SG\.[\w-]{22}\.[\w-]{43})"),
    _rule("slack-token", "xox", r"\b(xox[abeoprs]-[0-9A-Za-z-]{20,})"),
    _rule("slack-webhook", "hooks.slack.com", r"(hooks\.slack\.com/services/T\w+/B\w+/\w{16,})"),
    _rule("stripe-key", "sk_live_ rk_live_", r"\b([rs]k_live_[0-9A-Za-z]{16,})"),
    _rule("telegram-token", ":AA", r"\b(\d{8,10}:AA[\w-]{33})\b"),
    _rule("url-password", "://", r"[a-z][a-z0-9+.-]*://[^\s:@/'\"]*:([^\s@/'\"]{8,})@", random=True),
    # A quoted value in source or JSON; then an unquoted one, as in .env, INI and YAML files.
    _rule(
        "assigned-secret",
        "key token secret passw credential",
        rf"(?i)[\w.-]*(?:{_NAME})[\w-]*[\"']?\s*(?::=|=>|=|:)\s*[\"']([^\"'\s]{{12,}})[\"']",
        random=True,
    ),
    _rule(
        "assigned-secret",
        "key token secret passw credential",
        rf"(?i)^\s*(?:export\s+)?[\w.-]*(?:{_NAME})[\w-]*\s*(?:=|:\s)\s*([\w/+~-]{{16,}}={{0,2}})\s*$",
        random=True,
    ),
)

HINTS = tuple(sorted({hint for rule in RULES for hint in rule.hints}))
"""Fixed texts, one of which (in any case) is on every line with a secret: a cheap filter for grep."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A secret in a file: the rule and the place."""

    rule: str
    file: str
    line: int
    mark: str = field(default="", repr=False)
    """Tells values apart within this process, and says nothing else about them."""

    def __str__(self) -> str:
        """Return `file:line rule`."""
        return f"{self.file}:{self.line} {self.rule}"


def judge_line(text: str, *, file: str, line: int) -> Finding | None:
    """Return the first finding on one line."""
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            if not _PLACEHOLDER.search(match[1]) and (not rule.random or _is_random(match[1])):
                return Finding(rule=rule.id, file=file, line=line, mark=_mark(match[1]))
    return None


def judge_text(text: str, *, file: str) -> Iterator[Finding]:
    """Yield the findings of a whole file."""
    for number, line in enumerate(text.splitlines(), start=1):
        folded = line.lower()
        if any(hint in folded for hint in _FOLDED) and (finding := judge_line(line, file=file, line=number)):
            yield finding


_FOLDED = tuple({hint.lower() for hint in HINTS})


def _is_random(value: str) -> bool:
    """Whether the value was drawn and not written: no word, no name, no version."""
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    changes = sum(left != right for left, right in pairwise(map(_sort, value)) if left and right)
    return any(map(str.isdigit, value)) and bits >= _LEAST_BITS and changes >= _LEAST_CHANGES


def _sort(character: str) -> str:
    if character.isdigit():
        return "digit"
    return ("capital" if character.isupper() else "small") if character.isalpha() else ""


def _mark(value: str) -> str:
    # Keyed and forgotten with the process: a plain digest of a short secret could be reversed.
    return hashlib.blake2b(value.encode(), key=_RUN_KEY, digest_size=8).hexdigest()
