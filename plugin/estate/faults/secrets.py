"""Faults of secrets: where everybody on a host, everybody on the web, or everybody with a clone can read them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from estate import shop_release
from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import app, edge
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

_SECRET = "Vq7-Lr2mXz9K"  # noqa: S105 - made up, to be found
_API_KEY = "8f1d3a5b7c9e0f2a4b6c8d0e1f3a5b7c"
_JOB = "nightly-export"
_DROP_IN = "/etc/systemd/system/cron.service.d/mail.conf"
_SOURCE = f"{app.SOURCE}/shop/legacy.py"
_SITE = "        # Only instances show their metrics, never the front.\n"
_WEB_ROOT = "/var/www/shop"
_SERVED = f"""\
        location ^~ /.git/ {{
            modsecurity off;
            root {_WEB_ROOT};
        }}
"""
_GIT_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
_BRANCH = "experiment"


def _start_job(estate: Estate) -> None:
    """Start a program as cron jobs often are: with its password on the command line."""
    host = _victim(estate)
    wait = "import time; time.sleep(1e6)"
    host.run("systemd-run", "--quiet", f"--unit={_JOB}", "python3", "-c", wait, f"--db-password={_SECRET}")
    wait_until(lambda: host.is_active(_JOB), "the job does not start")


def _stop_job(estate: Estate, _: Any) -> None:
    _victim(estate).stop_service(_JOB)


def _write_into_unit(estate: Estate) -> None:
    host = estate.host("mon")
    host.write(_DROP_IN, f"[Service]\nEnvironment=MAIL_PASSWORD={_SECRET}\n")
    host.run("systemctl", "daemon-reload")


def _remove_from_unit(estate: Estate, _: Any) -> None:
    host = estate.host("mon")
    host.remove(_DROP_IN)
    host.run("systemctl", "daemon-reload")


def _show_settings(estate: Estate) -> str:
    host = _victim(estate)
    before = host.run("stat", "-c", "%a", app.SETTINGS).strip()
    host.run("chmod", "644", app.SETTINGS)
    return before


def _hide_settings(estate: Estate, before: str) -> None:
    _victim(estate).run("chmod", before, app.SETTINGS)


def _write_into_source(estate: Estate) -> None:
    _victim(estate).write(_SOURCE, f'API_KEY = "{_API_KEY}"\n')


def _remove_from_source(estate: Estate, _: Any) -> None:
    _victim(estate).remove(_SOURCE)


def _serve_repository(estate: Estate) -> None:
    host = estate.host("edge")
    host.write(f"{_WEB_ROOT}/.git/config", _GIT_CONFIG)
    host.write(f"{_WEB_ROOT}/.git/HEAD", "ref: refs/heads/main\n")
    host.replace(edge.CONFIGURATION, _SITE, _SERVED + _SITE)
    edge.reload(estate)


def _hide_repository(estate: Estate, _: Any) -> None:
    host = estate.host("edge")
    host.replace(edge.CONFIGURATION, _SERVED + _SITE, _SITE)
    edge.reload(estate)
    host.run("rm", "-r", f"{_WEB_ROOT}/.git")


def _commit_secret(estate: Estate) -> None:
    blob = _git(estate, "hash-object", "-w", "--stdin", stdin=f'API_KEY = "{_API_KEY}"\n')
    tree = _git(estate, "mktree", stdin=f"100644 blob {blob}\tsettings.py\n")
    commit = _git(estate, "commit-tree", tree, "-m", "Try the new partner")
    _git(estate, "update-ref", f"refs/heads/{_BRANCH}", commit)


def _forget_commit(estate: Estate, _: Any) -> None:
    _git(estate, "update-ref", "-d", f"refs/heads/{_BRANCH}")


def _git(estate: Estate, *words: str, stdin: str = "") -> str:
    repository = shop_release.prepare(estate).repo
    who = ("-c", "user.name=Dev", "-c", "user.email=dev@example.test")
    done = subprocess.run(
        ["/usr/bin/git", "-C", str(repository), *who, *words], input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _victim(estate: Estate) -> Host:
    return estate.host("app2")


FAULTS = (
    Fault(
        name="secret-on-command-line",
        title=Text(
            ko="비밀번호가 실행 중인 명령줄에 보입니다", en="A password stands on the command line of a running program"
        ),
        items=("SEC-CFG-4",),
        break_=_start_job,
        mend=_stop_job,
    ),
    Fault(
        name="secret-in-unit",
        title=Text(
            ko="systemd 유닛의 환경 설정에 비밀번호가 있습니다",
            en="A systemd unit sets a password that everybody can read",
        ),
        items=("SEC-CFG-4",),
        break_=_write_into_unit,
        mend=_remove_from_unit,
    ),
    Fault(
        name="env-file-readable",
        title=Text(ko=".env 파일을 누구나 읽을 수 있습니다", en="Everybody on the host can read the .env file"),
        items=("SEC-CFG-4",),
        break_=_show_settings,
        mend=_hide_settings,
    ),
    Fault(
        name="secret-in-source",
        title=Text(ko="배포된 소스에 API 키가 있습니다", en="The deployed source holds an API key"),
        items=("SEC-CFG-4",),
        break_=_write_into_source,
        mend=_remove_from_source,
    ),
    Fault(
        name="repository-served",
        title=Text(ko=".git 폴더가 웹에 공개되어 있습니다", en="The web server hands out the .git folder"),
        items=("SEC-CFG-2", "SEC-CFG-4"),
        break_=_serve_repository,
        mend=_hide_repository,
    ),
    Fault(
        name="secret-in-history",
        title=Text(ko="저장소의 기록에 API 키가 남아 있습니다", en="The repository's history holds an API key"),
        items=("SEC-CFG-4",),
        break_=_commit_secret,
        mend=_forget_commit,
    ),
)
