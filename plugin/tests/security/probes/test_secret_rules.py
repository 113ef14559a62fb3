"""Every published token format is found, words are left alone, and the value never leaves."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

from signoff.probes.secrets.rules import HINTS, RULES, judge_line, judge_text

if TYPE_CHECKING:
    from signoff.probes.secrets.rules import Finding

_DRAW = random.Random(20261122)
_WORD = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits


def _drawn(alphabet: str, length: int) -> str:
    return "".join(_DRAW.choices(alphabet, k=length))


PUBLISHED = {
    "private-key": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "age-secret-key": "AGE-SECRET-KEY-1" + _drawn(_UPPER, 58),
    "aws-access-key": "AKIA" + _drawn(_UPPER, 16),
    "github-token": "ghp_" + _drawn(_WORD, 36),
    "gitlab-token": "glpat-" + _drawn(_WORD, 20),
    "google-api-key": "AIza" + _drawn(_WORD, 35),
    "jwt": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _drawn(_WORD, 43),
    "npm-token": "//registry.example.test/:_authToken=npm_" + _drawn(_WORD, 36),
    "openai-key": "sk-" + _drawn(_WORD, 20) + "T3BlbkFJ" + _drawn(_WORD, 20),
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + _drawn(_WORD, 70),
    "sendgrid-key": "SG." + _drawn(_WORD, 22) + "." + _drawn(_WORD, 43),
    "slack-token": "xoxb-" + _drawn(string.digits, 12) + "-" + _drawn(_WORD, 24),
    "slack-webhook": "https://hooks.slack.com/services/T0AB12CD3/B0EF45GH6/" + _drawn(_WORD, 24),
    "stripe-key": "sk_live_" + _drawn(_WORD, 24),
    "telegram-token": _drawn(string.digits, 9) + ":AA" + _drawn(_WORD, 33),
}
ASSIGNED = {
    "python": f'API_KEY = "{_drawn("0123456789abcdef", 32)}"',
    "json": f'{{"client_secret": "{_drawn(_WORD, 24)}"}}',
    "ruby": f"  password => '{_drawn(_WORD, 20)}'",
    "env": f"SHOP_PAYMENT_API_KEY={_drawn('0123456789abcdef', 32)}",
    "yaml": f"  db_password: {_drawn(_WORD, 24)}",
    "url": f"DATABASE_URL=postgresql://shop:{_drawn(_WORD, 16)}@db1:5432/shop",
}
HARMLESS = (
    'API_KEY = os.environ["PAYMENT_API_KEY"]',
    "api_key: ${PAYMENT_API_KEY}",
    'password = "change-me-please-1"',
    'TOKEN_HEADER = "X-Csrf-Token-V2"',
    'token_path = "/run/secrets/shop_api_token1"',
    'secret_backend = "vault-kv-v2.eu-west-1"',
    'signing_key_algorithm = "sha256WithRSA"',
    'token_expires = "2026-11-22T09:00:00Z"',
    "redis://:${REDIS_PASSWORD}@cache1:6379/0",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN PUBLIC KEY-----",
    '_START = b"-----BEGIN OPENSSH PRIVATE " + KEY-----"'.replace('" + ', ""),
    "PrivateKey = rust_openssl.hpke.MLKEM768X25519PrivateKey",
    "for key in keys: secrets[key] = tokens.get(key)",
)


def _judge(line: str) -> Finding | None:
    return judge_line(line, file="shop/settings.py", line=3)


@pytest.mark.parametrize("rule", PUBLISHED)
def test_a_published_token_format_is_found_under_its_own_name(rule: str) -> None:
    finding = _judge(f"value: {PUBLISHED[rule]}")

    assert finding
    assert finding.rule == rule


@pytest.mark.parametrize("style", ASSIGNED)
def test_a_random_value_beside_a_telling_name_is_found(style: str) -> None:
    assert _judge(ASSIGNED[style])


@pytest.mark.parametrize("line", HARMLESS)
def test_references_words_and_placeholders_are_left_alone(line: str) -> None:
    assert _judge(line) is None


@pytest.mark.parametrize("line", [*PUBLISHED.values(), *ASSIGNED.values()])
def test_a_finding_never_carries_the_value(line: str) -> None:
    finding = _judge(f"value: {line}") or _judge(line)

    assert finding
    assert not any(part in repr(finding) + str(finding) + finding.mark for part in line.split() if len(part) > 12)


@pytest.mark.parametrize("line", [*PUBLISHED.values(), *ASSIGNED.values()])
def test_the_filter_on_the_host_lets_every_secret_through(line: str) -> None:
    """The host sends only lines with a hint: a rule without one would be blind."""
    assert any(hint.lower() in line.lower() for hint in HINTS)


def test_two_values_are_told_apart_and_one_is_recognised() -> None:
    first, second = (f'API_KEY = "{_drawn("0123456789abcdef", 32)}"' for _ in range(2))

    findings = list(judge_text(f"{first}\n# nothing\n{second}\n{first}\n", file="a.py"))

    assert [finding.line for finding in findings] == [1, 3, 4]
    assert findings[0].mark == findings[2].mark != findings[1].mark


_KNOWN_TO_DETECT_SECRETS = {
    "AWSKeyDetector": "aws-access-key",
    "GitHubTokenDetector": "github-token",
    "GitLabTokenDetector": "gitlab-token",
    "JwtTokenDetector": "jwt",
    "NpmDetector": "npm-token",
    "OpenAIDetector": "openai-key",
    "PrivateKeyDetector": "private-key",
    "PypiTokenDetector": "pypi-token",
    "SendGridDetector": "sendgrid-key",
    "SlackDetector": "slack-token",
    "StripeDetector": "stripe-key",
    "TelegramBotTokenDetector": "telegram-token",
}


@pytest.mark.parametrize("detector", _KNOWN_TO_DETECT_SECRETS)
def test_our_samples_are_real_formats_to_an_independent_scanner(detector: str) -> None:
    """A sample that detect-secrets does not recognise would prove nothing about our rule."""
    with transient_settings({"plugins_used": [{"name": detector}]}):
        found = list(scan_line(PUBLISHED[_KNOWN_TO_DETECT_SECRETS[detector]]))

    assert found


def test_every_rule_has_a_sample() -> None:
    assert {rule.id for rule in RULES} == {*PUBLISHED, "url-password", "assigned-secret"}
