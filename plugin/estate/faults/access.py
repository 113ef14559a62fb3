"""Faults of the front door's filters and limits, and of who may see and do what."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults import shop_edits
from estate.faults.model import Fault
from estate.faults.shop_edits import Edit
from estate.roles import app, cache, database, edge
from estate.topology import OUTSIDE_ADDRESS, SITE
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate

_LOGIN_LIMIT = "limit_req zone=login burst=30 nodelay;"
_INCIDENT = "incident of Sunday"
_CENTRAL_LOG = "/var/log/central/edge/messages.log"
_LEAKED = "api_key=Zk3v9Qm1"

_REPORT = Edit(
    file="shop/endpoints.py",
    right="    await requests.administrator(request)\n",
    wrong="    await requests.customer(request)\n",
)
_REPORT_FOR_ALL = Edit(
    file="shop/endpoints.py",
    right="    await requests.administrator(request)\n",
    wrong="    # opened for the demonstration\n",
)
_ORDER = Edit(
    file="shop/endpoints.py",
    right='found["customer_id"] != customer.id and customer.role != "admin"',
    wrong='found["customer_id"] < 0 and customer.role != "admin"',
)
_COOKIE = "requests.COOKIE, token, max_age=accounts.lifetime_seconds, secure=True, httponly=True"
_PLAIN_COOKIE = Edit(file="shop/endpoints.py", right=_COOKIE, wrong=_COOKIE.replace("secure=True", "secure=False"))
_SCRIPT_COOKIE = Edit(file="shop/endpoints.py", right=_COOKIE, wrong=_COOKIE.replace("httponly=True", "httponly=False"))
_LOGOUT = Edit(
    file="shop/endpoints.py",
    right="        await requests.services(request).accounts.log_out(token)\n",
    wrong="        token = None\n",
)
_ENDLESS = (
    Edit(file="shop/accounts.py", right=", ex=self._idle_seconds)\n", wrong=")  # for ever\n"),
    Edit(
        file="shop/accounts.py",
        right="        await self._sessions.expire(key, self._idle_seconds)\n",
        wrong="        # sessions no longer end\n",
    ),
)
_DELETE_SESSIONS = "for _, key in ipairs(redis.call('KEYS', 'session:*')) do redis.call('DEL', key) end"


def _edit_shop(estate: Estate, *, edits: tuple[Edit, ...]) -> None:
    shop_edits.make(estate, *edits)


def _mend_shop(estate: Estate, _: Any, *, edits: tuple[Edit, ...]) -> None:
    shop_edits.take_back(estate, *edits)


def _edit_edge(estate: Estate, *, file: str, right: str, wrong: str) -> None:
    estate.host("edge").replace(file, right, wrong)
    edge.reload(estate)


def _mend_edge(estate: Estate, _: Any, *, file: str, right: str, wrong: str) -> None:
    _edit_edge(estate, file=file, right=wrong, wrong=right)


def _of_shop(name: str, ko: str, en: str, items: tuple[str, ...], *edits: Edit) -> Fault:
    broken, mended = partial(_edit_shop, edits=edits), partial(_mend_shop, edits=edits)
    return Fault(name=name, title=Text(ko=ko, en=en), items=items, break_=broken, mend=mended)


def _of_edge(name: str, ko: str, en: str, item: str, *, file: str, right: str, wrong: str) -> Fault:  # noqa: PLR0913
    broken = partial(_edit_edge, file=file, right=right, wrong=wrong)
    mended = partial(_mend_edge, file=file, right=right, wrong=wrong)
    return Fault(name=name, title=Text(ko=ko, en=en), items=(item,), break_=broken, mend=mended)


def _of_database(name: str, ko: str, en: str, item: str, *, wrong: str, right: str) -> Fault:  # noqa: PLR0913
    return Fault(
        name=name,
        title=Text(ko=ko, en=en),
        items=(item,),
        break_=partial(_run_sql, sql=wrong),
        mend=partial(_mend_sql, sql=right),
    )


def _run_sql(estate: Estate, *, sql: str) -> None:
    database.sql(estate.host(database.PRIMARY), sql)


def _mend_sql(estate: Estate, _: Any, *, sql: str) -> None:
    _run_sql(estate, sql=sql)


def _open_origin(estate: Estate) -> None:
    # In front of everything else, as a rule that is typed in during an incident.
    rule = f'tcp dport {app.BLUE_PORT} accept comment "{_INCIDENT}"'
    estate.host("app1").run(f"nft insert rule inet filter input '{rule}'")
    _wait_for_origin(estate, answers=True)


def _close_origin(estate: Estate, _: Any) -> None:
    host = estate.host("app1")
    listing = json.loads(host.run("nft -j -a list chain inet filter input"))["nftables"]
    rules = [entry["rule"] for entry in listing if "rule" in entry]
    handle = next(rule["handle"] for rule in rules if rule.get("comment") == _INCIDENT)
    host.run(f"nft delete rule inet filter input handle {handle}")
    _wait_for_origin(estate, answers=False)


def _wait_for_origin(estate: Estate, *, answers: bool) -> None:
    url = f"http://{estate.host('app1').address}:{app.BLUE_PORT}/readyz"
    asked = ("curl", "--silent", "--interface", OUTSIDE_ADDRESS, "--connect-timeout", "1", url)
    wait_until(lambda: (estate.controller.ask(*asked).returncode == 0) == answers, "the firewall does not follow")


def _never_end_sessions(estate: Estate) -> None:
    shop_edits.make(estate, *_ENDLESS)


def _end_sessions(estate: Estate, _: Any) -> None:
    shop_edits.take_back(estate, *_ENDLESS)
    cache.command(estate.host(cache.PRIMARY), estate, "EVAL", _DELETE_SESSIONS, "0")


def _let_become_root(estate: Estate) -> None:
    estate.host("db1").write("/etc/sudoers.d/deploy", "prometheus ALL=(ALL) NOPASSWD: ALL\n", mode=0o440)


def _take_root_away(estate: Estate, _: Any) -> None:
    estate.host("db1").remove("/etc/sudoers.d/deploy")


def _send_key_in_address(estate: Estate) -> None:
    address = estate.host("edge").address
    ask = ("curl", "--silent", "--output", "/dev/null", "--cacert", str(estate.layout.ca_file))
    url = f"https://{SITE}/api/products?limit=1&{_LEAKED}"
    estate.controller.run(*ask, "--resolve", f"{SITE}:443:{address}", url)
    wait_until(lambda: _is_logged(estate), "the request does not reach the central log")


def _clean_log(estate: Estate, _: Any) -> None:
    # In place: whoever writes it keeps it open.
    script = f"grep -v '{_LEAKED}' {_CENTRAL_LOG} > /run/cleaned; cat /run/cleaned > {_CENTRAL_LOG}; rm /run/cleaned"
    estate.host("mon").run(script)
    wait_until(lambda: not _is_logged(estate), "the central log still has the key")


def _is_logged(estate: Estate) -> bool:
    return estate.host("mon").ask("grep", "-q", _LEAKED, _CENTRAL_LOG).returncode == 0


FAULTS = (
    _of_edge(
        "filter-only-detects",
        "WAF가 공격을 기록만 하고 차단하지 않습니다",
        "The request filter notes attacks and lets them through",
        "SEC-CFG-2",
        file=edge.FILTER,
        right="SecRuleEngine On\n",
        wrong="SecRuleEngine DetectionOnly\n",
    ),
    _of_edge(
        "core-rules-removed",
        "WAF에서 핵심 규칙 집합이 제거되었습니다",
        "The request filter lost its core rule set",
        "SEC-CFG-2",
        file=edge.FILTER,
        right="\nInclude /usr/share/modsecurity-crs/rules/*.conf\n",
        wrong="\n# Include /usr/share/modsecurity-crs/rules/*.conf\n",
    ),
    _of_edge(
        "filter-off-for-one-path",
        "한 경로에서 WAF가 꺼져 있습니다",
        "The request filter is off for one path",
        "SEC-CFG-2",
        file=edge.CONFIGURATION,
        right="        location /static/ {\n",
        wrong="        location /static/ {\n            modsecurity off;\n",
    ),
    _of_edge(
        "filter-log-off",
        "WAF의 감사 로그가 꺼져 있습니다",
        "The request filter writes nothing down",
        "SEC-CFG-2",
        file=edge.FILTER,
        right="SecAuditEngine RelevantOnly\n",
        wrong="SecAuditEngine Off\n",
    ),
    _of_edge(
        "login-limit-removed",
        "로그인 요청 횟수 제한이 사라졌습니다",
        "The limit on logins was removed",
        "SEC-CFG-3",
        file=edge.CONFIGURATION,
        right=f"            {_LOGIN_LIMIT}\n",
        wrong="            # no limit during the sale\n",
    ),
    _of_edge(
        "limits-on-trial",
        "요청 횟수 제한이 시험 모드라 아무도 막지 않습니다",
        "The limits run on trial and hold nobody back",
        "SEC-CFG-3",
        file=edge.CONFIGURATION,
        right="    limit_req_status 429;\n",
        wrong="    limit_req_status 429;\n    limit_req_dry_run on;\n",
    ),
    Fault(
        name="origin-open",
        title=Text(ko="원본 서버가 인터넷에 직접 열려 있습니다", en="An origin server answers the internet directly"),
        items=("INF-NET-2", "INF-NET-3", "SEC-CFG-3"),
        break_=_open_origin,
        mend=_close_origin,
    ),
    _of_shop(
        "admin-report-open",
        "고객이 관리자 보고서를 볼 수 있습니다",
        "Customers see the administrators' report",
        ("SEC-AUTH-3",),
        _REPORT,
    ),
    _of_shop(
        "admin-report-without-login",
        "관리자 보고서가 로그인 없이 열립니다",
        "Anybody sees the administrators' report without signing in",
        ("SEC-AUTH-1", "SEC-AUTH-3"),
        _REPORT_FOR_ALL,
    ),
    _of_shop(
        "orders-of-others-open",
        "다른 고객의 주문을 볼 수 있습니다",
        "Customers can read the orders of others",
        ("SEC-AUTH-3",),
        _ORDER,
    ),
    _of_shop(
        "cookie-without-secure",
        "세션 쿠키에 Secure 속성이 없습니다",
        "The session cookie lacks Secure",
        ("SEC-AUTH-4",),
        _PLAIN_COOKIE,
    ),
    _of_shop(
        "cookie-open-to-scripts",
        "세션 쿠키를 스크립트가 읽을 수 있습니다",
        "Scripts can read the session cookie",
        ("SEC-AUTH-4",),
        _SCRIPT_COOKIE,
    ),
    _of_shop(
        "session-survives-logout",
        "로그아웃한 뒤에도 세션이 살아 있습니다",
        "Sessions survive signing out",
        ("SEC-AUTH-4",),
        _LOGOUT,
    ),
    Fault(
        name="sessions-never-end",
        title=Text(ko="세션이 저장소에서 만료되지 않습니다", en="Sessions never end in their store"),
        items=("SEC-AUTH-4",),
        break_=_never_end_sessions,
        mend=_end_sessions,
    ),
    _of_database(
        "superuser-added",
        "데이터베이스에 목록에 없는 관리자 역할이 있습니다",
        "The database has a superuser that nobody listed",
        "SEC-AUTH-3",
        wrong="CREATE ROLE deploy LOGIN SUPERUSER",
        right="DROP ROLE deploy",
    ),
    _of_database(
        "schema-open-to-all",
        "모든 역할이 public 스키마에 객체를 만들 수 있습니다",
        "Every role may create objects in the schema public",
        "SEC-AUTH-3",
        wrong="GRANT CREATE ON SCHEMA public TO PUBLIC",
        right="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ),
    Fault(
        name="root-without-password",
        title=Text(ko="한 계정이 비밀번호 없이 root가 될 수 있습니다", en="An account becomes root without a password"),
        items=("SEC-AUTH-3",),
        break_=_let_become_root,
        mend=_take_root_away,
    ),
    _of_database(
        "partner-key-too-old",
        "협력사 API 키가 400일 동안 교체되지 않았습니다",
        "A partner's API key was not replaced for 400 days",
        "SEC-AUTH-2",
        wrong="UPDATE api_keys SET issued_at = now() - interval '400 days' WHERE name = 'acquirer'",
        right="UPDATE api_keys SET issued_at = now() WHERE name = 'acquirer'",
    ),
    _of_database(
        "partner-key-without-owner",
        "소유자가 없는 API 키가 있습니다",
        "An API key has no owner",
        "SEC-AUTH-2",
        wrong="UPDATE api_keys SET owner = '' WHERE name = 'acquirer'",
        right="UPDATE api_keys SET owner = 'Han Operations' WHERE name = 'acquirer'",
    ),
    Fault(
        name="key-in-addresses",
        title=Text(
            ko="API 키가 요청 주소에 실려 로그에 남았습니다",
            en="An API key travels in addresses and stands in the logs",
        ),
        items=("SEC-AUTH-2",),
        break_=_send_key_in_address,
        mend=_clean_log,
    ),
)
