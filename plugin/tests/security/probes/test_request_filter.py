"""What a real nginx with a real ModSecurity is configured to do, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from signoff.errors import NotVerifiedError
from signoff.probes.front.modsecurity import parse_rules, read_rules
from signoff.probes.front.request_filter import entrances, is_logged

if TYPE_CHECKING:
    from pathlib import Path

ATTACK = "<script>alert(1)</script>"


def test_the_configuration_tells_what_the_server_does(shell: Any, request_filter: Any) -> None:
    """Its three servers are read as they behave: one refuses, one only notices, one lets everything through."""
    found = {one.place.split()[1].partition(".")[0]: one for one in entrances(shell, request_filter.config)}

    for name, one in found.items():
        mark = f"canary{name}0123456789"
        answer = requests.get(request_filter.url(name), {"q": ATTACK, "signoff": mark}, timeout=30)
        plain = requests.get(request_filter.url(name), timeout=30)
        logged = is_logged(shell, request_filter.log, mark, wait=30.0 if one.is_on else 0.0)
        assert plain.status_code == 200
        assert (answer.status_code == 403) == (one.is_on and one.rules.blocks)
        assert logged == one.is_on
    assert {name: (one.is_on, one.rules.engine) for name, one in found.items()} == {
        "on": (True, "On"),
        "detects": (True, "DetectionOnly"),
        "off": (False, "On"),
    }
    assert found["on"].rules.rules > 500
    assert found["on"].rules.audit_log == request_filter.log


def _site(tmp_path: Path, http: str, rules: str = "SecRuleEngine On\n", **files: str) -> str:
    (tmp_path / "rules.conf").write_text(rules)
    for name, text in files.items():
        (tmp_path / f"{name}.conf").write_text(text)
    http = http.replace("HERE", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"events {{ }} # front\nhttp {{\n{http}\n}}\n")
    return str(tmp_path / "nginx.conf")


FILTERED = "modsecurity on; modsecurity_rules_file HERE/rules.conf;"


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (f"{FILTERED} server {{ listen 443 ssl; }}", {"/": True}),
        (f"server {{ {FILTERED} listen 443; location /api {{ modsecurity off; }} }}", {"/": True, "/api": False}),
        (f"server {{ listen 443; location /api {{ {FILTERED} }} }}", {"/": False, "/api": True}),
        # What only leads elsewhere or turns people away is no entrance; nor is what only this machine reaches.
        (f"{FILTERED} server {{ listen 80; return 301 https://$host; }} server {{ listen 443; }}", {"/": True}),
        (f"{FILTERED} server {{ listen 443; }} server {{ listen 127.0.0.1:8080; modsecurity off; }}", {"/": True}),
        (f"{FILTERED} server {{ listen 443; }} server {{ listen [::1]:80; modsecurity off; }}", {"/": True}),
        (f"{FILTERED} server {{ listen 443; location /x {{ modsecurity off; deny all; }} }}", {"/": True}),
        ("server { location / { return 301 https://x; } location /pay { root /srv; } }", {"/pay": False}),
        (f"{FILTERED} server {{ include rest.conf; }}", {"/": True, "/hole": False}),
    ],
)
def test_every_way_in_is_seen(shell: Any, tmp_path: Path, http: str, expected: dict[str, bool]) -> None:
    config = _site(tmp_path, http, rest='location "/hole" { modsecurity off; }')

    assert {one.path: one.is_on for one in entrances(shell, config)} == expected


@pytest.mark.parametrize(
    ("rules", "engine", "blocks", "count"),
    [
        ('SecRuleEngine On\nSecRule ARGS x \\\n  "id:1,deny"\nSecRule ARGS y id:2', "On", True, 2),
        ("secruleengine  DetectionOnly\n# SecRuleEngine On", "DetectionOnly", False, 0),
        ("SecRuleEngine On\nInclude more.conf", "Off", False, 1),
        ("SecRuleEngine On\nIncludeOptional nothing/*.conf", "On", True, 0),
        ('SecRuleEngine On\nSecAction "id:9,phase:1,pass,\\\n  ctl:ruleEngine=Off"', "On", False, 0),
        ("SecRuleEngine On\nSecRuleRemoveById 900000-999999", "On", False, 0),
        ("SecRuleEngine On\nSecRuleRemoveById 942100 942200-942210", "On", True, 0),
        ('SecRuleEngine On\nSecRuleRemoveByTag "OWASP_CRS"', "On", False, 0),
        ('SecRuleEngine On\nSecRuleRemoveByTag "attack-protocol"', "On", True, 0),
        ("", "", False, 0),
    ],
)
def test_what_holds_is_what_the_engine_would_do(  # noqa: PLR0913, PLR0917 - one row of the table
    shell: Any, tmp_path: Path, rules: str, engine: str, blocks: bool, count: int
) -> None:
    (tmp_path / "more.conf").write_text("SecRuleEngine Off\nSecRule ARGS z id:3\n")
    (tmp_path / "main.conf").write_text(rules)

    found = read_rules(shell, str(tmp_path / "main.conf"))

    assert (found.engine, found.blocks, found.rules) == (engine, blocks, count)


def test_rules_within_the_server_count_as_well() -> None:
    found = parse_rules('SecRuleEngine On\nSecRule ARGS "x" "id:1"\nSecAuditLog /var/log/a', place="x:1")

    assert (found.engine, found.rules, found.audit_log) == ("On", 1, "/var/log/a")


@pytest.mark.parametrize(
    ("http", "why"),
    [
        ("server { listen 443; modsecurity_rules_file HERE/missing.conf; }", "no such file"),
        ("server { listen 443; modsecurity_rules_file missing.conf; }", "no absolute path"),
        ("include missing.conf;", "no such file"),
        ("include nginx.conf;", "include itself"),
        ("server { listen 443;", "not understood"),
        ("server } {", "not understood"),
        ("server { listen 127.0.0.1:80; }", "no server that answers others"),
    ],
)
def test_what_cannot_be_read_is_no_answer(shell: Any, tmp_path: Path, http: str, why: str) -> None:
    with pytest.raises(NotVerifiedError, match=why):
        entrances(shell, _site(tmp_path, http))


def test_a_log_that_cannot_be_read_is_no_answer(shell: Any, tmp_path: Path) -> None:
    with pytest.raises(NotVerifiedError):
        is_logged(shell, str(tmp_path / "missing.log"), "canary", wait=0.0)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "one").write_text("GET /?signoff=canary1 HTTP/1.1")
    assert is_logged(shell, str(tmp_path / "log"), "canary1", wait=0.0)
    assert not is_logged(shell, str(tmp_path / "log"), "canary2", wait=0.0)
