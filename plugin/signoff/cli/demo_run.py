"""`signoff demo run`: the whole story on the embedded environment: broken, found, mended, proven, signed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.artifacts import Artifacts, closing_block, colour_wanted
from signoff.cli.approving import SHOWN, give_approval
from signoff.cli.common import friendly, language_option, utc_now
from signoff.cli.demo import demo, friendly_demo
from signoff.cli.issue_actions import record_action
from signoff.config.inventory import ENV_FILE_VARIABLE
from signoff.model import IssueStatus, State, Text, Verdict
from signoff.store.sign import load_key
from signoff.workspace import Workspace, find_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.layout import Layout
    from signoff.model import Language, Signoff

MENDER = "Choi Infra"
"""Who mends things in the demo: on its roster, and nobody who approves."""
DERIVED = frozenset({"INT-FIN-2", "SEC-VUL-4"})
"""Fail with any open issue of weight, and with any key in the source (OWASP Top 10): part of every first run."""
_TEXTS = {
    "up": Text(ko="1. 작은 운영 환경을 시작합니다", en="1. Starting a small production environment"),
    "break": Text(ko="2. 첫 점검에서 발견된 다섯 문제를 재현합니다", en="2. Breaking it as the first check found it"),
    "run1": Text(ko="3. 전체 체크리스트를 실행합니다", en="3. Running the whole checklist"),
    "heal": Text(ko="4. 다섯 문제를 실제로 해결합니다", en="4. Mending the five for real"),
    "action": Text(ko="원인을 되돌림: {title}", en="Undid the cause: {title}"),
    "claimed": Text(
        ko="✎ {who}: 이슈 {number}건의 조치 내용을 기록했습니다 (signoff issues resolve).",
        en="✎ {who} recorded what was done about {number} issues (signoff issues resolve).",
    ),
    "recheck": Text(
        ko="5. 같은 점검으로 다섯 문제만 다시 확인합니다", en="5. Checking the five again, with the same checks"
    ),
    "run2": Text(ko="6. 전체 체크리스트를 다시 실행합니다", en="6. Running the whole checklist again"),
    "sign": Text(ko="7. 세 역할이 차례로 서명합니다", en="7. Three roles sign, in order"),
    "found": Text(ko="✔ 다섯 문제를 정확히 찾았습니다: {items}", en="✔ It found exactly the five: {items}"),
    "verified": Text(
        ko="✔ 이슈 {number}건(항목 {items}개)이 같은 점검으로 해결 확인되었습니다.",
        en="✔ {number} issues on {items} items are verified by the checks that opened them.",
    ),
    "wrong": Text(
        ko="데모가 예상과 다르게 동작했습니다. 예상: {expected}, 결과: {actual}",
        en="The demo did not behave as designed: expected {expected}, got {actual}",
    ),
    "incomplete": Text(
        ko="아직 확인되지 않은 항목이 {number}개 있어 서명 단계로 가지 않습니다: {items}",
        en="{number} items are not verified yet, so nobody can sign: {items}",
    ),
    "next": Text(
        ko="""다음으로 해 볼 것 ({seconds:.0f}초 걸렸습니다. 환경은 계속 실행 중입니다)
  브라우저에서 열기   {page}
  보안 팀처럼         {prefix}pytest -m security
  직접 고장 내기      {prefix}signoff demo faults / fault NAME / heal{dir}
  끝내기              {prefix}signoff demo down{dir}""",
        en="""What to do next (this took {seconds:.0f} s; the environment is still running)
  open the page        {page}
  as a security team   {prefix}pytest -m security
  break it yourself    {prefix}signoff demo faults / fault NAME / heal{dir}
  stop it              {prefix}signoff demo down{dir}""",
    ),
}


@demo.command()
@click.option("--dir", "path", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"))
@language_option
@friendly
def run(path: Path, language: Language) -> None:
    """Show everything once: faults found, mended, verified, and, when all is known, signed."""
    started = time.monotonic()
    with friendly_demo():
        from signoff.demo import environment, faults  # noqa: PLC0415

        _say("up", language)
        layout = environment.up(path)
        os.environ[ENV_FILE_VARIABLE] = str(layout.env_file)
        faults.heal_all(layout)
        _say("break", language)
        for name in faults.SEED:
            faults.inject(layout, name)
            click.echo(f"   ✖ {faults.CATALOGUE[name].title.get(language)}")
        _say("run1", language)
        first = _check(language)
        expected = {item for name in faults.SEED for item in faults.CATALOGUE[name].items} | DERIVED
        _expect(expected, {result.item.id for result in first.items if result.state is State.FAIL}, language)
        _say("found", language, items=", ".join(sorted(expected - DERIVED)))
        _say("heal", language)
        titles: dict[str, str] = {}
        for name in faults.heal_all(layout):
            title = faults.CATALOGUE[name].title.get(language)
            titles |= dict.fromkeys(faults.CATALOGUE[name].items, title)
            click.echo(f"   ✔ {title}")
        _claim(first, titles, language)
        # The plan's own order: prove each fix by the check that found it, then look at everything once more.
        _say("recheck", language)
        _pytest("-m", " or ".join(f"checklist(id='{item}')" for item in sorted(expected - DERIVED)), language=language)
        _say("run2", language)
        second = _check(language)
        _expect(set(), {result.item.id for result in second.items if result.state is State.FAIL}, language)
        verified = [issue for issue in second.issues if issue.status in {IssueStatus.VERIFIED, IssueStatus.CLOSED}]
        _say("verified", language, number=len(verified), items=len({issue.item for issue in verified}))
        page = _finish(layout, second, language)
    _say("next", language, page=page, seconds=time.monotonic() - started, prefix=_prefix(), dir=_dir_option(path))


def _claim(first: Signoff, titles: Mapping[str, str], language: Language) -> None:
    """Record what was done about each issue, as whoever mended it would: nobody may sign for undocumented fixes."""
    workspace = _workspace()
    for issue in first.issues:
        if issue.status.is_open and issue.item in titles:
            action = _TEXTS["action"].get(language).format(title=titles[issue.item])
            record_action(workspace, issue.key, "resolved", MENDER, utc_now(), action=action)
    _say("claimed", language, number=len(first.issues), who=MENDER)


def _check(language: Language) -> Signoff:
    """Run the whole checklist as anybody would, and return the decision."""
    status = _pytest(language=language)
    signoff = _workspace().evaluate(utc_now())
    if status != signoff.verdict.exit_status:
        raise click.ClickException(f"pytest ended with {status}, the evidence says {signoff.verdict}")
    return signoff


def _pytest(*selection: str, language: Language) -> int:
    command = [sys.executable, "-m", "pytest", "--inventory", "demo", "--signoff-lang", language, *selection]
    return subprocess.run(command, cwd=find_root(Path.cwd()), check=False).returncode  # noqa: S603


def _finish(layout: Layout, signoff: Signoff, language: Language) -> Path:
    """Have the three roles sign what is ready, and return the page of the last decision."""
    workspace = _workspace()
    if signoff.verdict is not Verdict.READY:
        open_ = [result.item.id for result in signoff.items if not result.state.satisfied]
        _say("incomplete", language, number=len(open_), items=", ".join(open_))
        return max(workspace.reports.glob("readiness_check_*.html"))
    from signoff.demo import people  # noqa: PLC0415 - the demo's packages are an extra

    _say("sign", language)
    for role in workspace.inventory.policy.approval_roles:
        now = utc_now()
        signoff = workspace.evaluate(now)
        # The demo keeps its keys beside itself, in a folder that git ignores: they sign nothing that matters.
        key = load_key(people.key_file(layout, role), outside_repository=False)
        given = give_approval(workspace, signoff, role=role, key=key, typed=signoff.digest[:SHOWN])
        click.echo(f"   ✎ {role}: {given.approver}, {given.digest[:SHOWN]}")
    now = utc_now()
    signoff = workspace.evaluate(now)
    artifacts = Artifacts.at(workspace, now)
    artifacts.write(workspace, signoff, language)
    click.echo("")
    click.echo(closing_block(workspace, signoff, language, width=80, colour=colour_wanted(), artifacts=artifacts))
    return artifacts.page


def _workspace() -> Workspace:
    return Workspace.load(find_root(Path.cwd()), inventory="demo")


def _expect(expected: set[str], actual: set[str], language: Language) -> None:
    if expected != actual:
        message = _TEXTS["wrong"].get(language).format(expected=sorted(expected), actual=sorted(actual))
        raise click.ClickException(message)


def _prefix() -> str:
    """Return how programs of this environment are called: they may not be on the path."""
    folder = Path(sys.executable).parent
    if str(folder) in os.environ.get("PATH", "").split(os.pathsep):
        return ""
    try:
        return f"{folder.relative_to(Path.cwd())}/"
    except ValueError:
        return f"{folder}/"


def _dir_option(path: Path) -> str:
    return "" if path == Path(".demo") else f" --dir {path}"


def _say(key: str, language: Language, **values: object) -> None:
    click.echo(
        ("" if key in {"found", "verified", "incomplete", "claimed"} else "\n")
        + _TEXTS[key].get(language).format(**values)
    )
