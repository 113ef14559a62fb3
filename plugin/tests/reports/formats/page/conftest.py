"""A realistic decision: 83 items, the five known issues, and one item each of the other states."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import (
    Cell,
    CellResult,
    Change,
    IssueStatus,
    ItemResult,
    Method,
    NotApplicable,
    Outcome,
    Publication,
    RollbackDecision,
    RollbackValue,
    RollbackVerdict,
    RunTold,
    Severity,
    Signoff,
    State,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[2] / "data"
BAD: dict[str, tuple[str, ...]] = {
    "INF-SVC-1": ("cache1",),
    "SW-DEP-3": ("app2",),
    "SEC-CFG-4": ("app1", "app2"),
    "MON-SYS-5": ("sentry",),
    "BAK-JOB-4": ("backup1",),
}
DUE = {"INF-SVC-1": 25, "SW-DEP-3": 24, "SEC-CFG-4": 22, "MON-SYS-5": 25, "BAK-JOB-4": 26}
OTHER = {
    "INF-NET-3": State.ERROR,
    "PERF-STAB-1": State.NOT_VERIFIED,
    "SEC-VUL-1": State.STALE,
    "SW-WEB-4": State.WAIVED,
}
DERIVED = {
    "INT-FIN-1": (State.NOT_VERIFIED, "8 items are not decided: INF-SVC-1, SW-DEP-3, SEC-CFG-4"),
    "INT-FIN-2": (State.FAIL, "5 critical or high issues are open: ISS-INF-SVC-1, ISS-SW-DEP-3"),
}
ABSENT = {"INF-CLD-1", "INF-CLD-2", "INF-CLD-3", "INF-CLD-4", "SEC-CFG-1"}


PAYLOADS = (
    "</title></style></script></option></datalist><script>owned = 1</script>",
    "<svg onload=owned=1><a href=javascript:owned=1>",
    "' autofocus onfocus=owned=1 x='",
    '" autofocus onfocus=owned=1 style=position:fixed x="',
    "<!--<script>owned = 1//",
    "]]><math><mi xlink:href='javascript:owned=1'>",
    "{{ 7 * 7 }}{% raw %}${owned = 1}`",
    "&lt;script&gt;owned = 1&lt;/script&gt;",
    "\u202eevil\u2028\u2029\x00\x1b[31m",
    "db;FAIL:0-9,PASS:1;",
)
"""Each tries another way out of the place where it is written."""
SECONDS = [("response-percentile", "1.2", "1"), ("response-mean", "0.4", "1")]


@pytest.fixture
def realistic(make: Any) -> Signoff:
    return realistic_signoff(make)


@pytest.fixture
def storied(make: Any, realistic: Signoff) -> Signoff:
    """Return the same with two weeks of runs, a watch after the release, and a ticket for the first issue."""
    nights = [make.run(id=f"01JY{number:022}", started=make.now - timedelta(days=14 - number)) for number in range(14)]
    nights[4] = replace(nights[4], selector="-m security")
    nights[6] = replace(nights[6], interrupted=True, ended=None)
    asked = [result for result in realistic.items if result.cells]
    said = dict(enumerate([Outcome.FAIL, Outcome.ERROR, Outcome.SKIP]))
    told = [
        RunTold(
            run=night.id,
            items={
                result.item.id: said.get((place * 7 + number) % 20, Outcome.PASS)
                for place, result in enumerate(asked)
                if not night.selector or result.item.area == "security"
            },
        )
        for number, night in enumerate(nights)
    ]
    known: dict[str, Any] = {"environment": "production", "release": "1.0.0"}
    address = "https://jira.example.test/browse/OPS-117"
    return replace(
        realistic,
        runs=tuple(nights),
        told=tuple(told),
        publications=(
            Publication(channel="jira", subject=realistic.issues[0].key, place="OPS-117", url=address, **known),
        ),
        rollback=RollbackDecision(verdict=RollbackVerdict.KEEP, automatic=True, at=make.now, by="guard", **known),
        changes_since=make.now - timedelta(days=1),
        changes_from="run",
        inputs={name: make.sha(name) for name in ("checklist", "inventory", "policy")},
    )


@pytest.fixture
def hostile(make: Any, small: Signoff) -> Signoff:
    """Return the decision of every state with hostile text in what only this page shows."""
    known: dict[str, Any] = {"environment": "production", "release": "1.0.0"}
    bad: dict[str, Any] = {
        "subject": small.issues[0].key,
        "place": make.xss,
        "url": "javascript:document.title='owned'",
    }
    cells = [make.cell("SEC-CFG-9", text, State.FAIL, text, expected=text, reason=text) for text in PAYLOADS]
    fields: dict[str, Any] = {"area": "security", "section": "hardening", "owner": PAYLOADS[0]}
    title = Text(ko=PAYLOADS[3], en=PAYLOADS[4])
    attacked = make.result("SEC-CFG-9", State.FAIL, cells, title=title, **fields)
    values = [("requests", "512", "200"), ("timed", "500", "200"), ("error-ratio", "0.06", "0.05"), *SECONDS]
    watched: dict[str, Any] = {
        "reasons": (Text(ko=make.xss, en="errors 6 %, limit 5 %"),),
        "values": tuple(
            RollbackValue(service=make.xss, name=name, value=Decimal(value), limit=Decimal(limit))  # type: ignore[arg-type] # a literal
            for name, value, limit in values
        ),
    }
    return replace(
        small,
        items=(*small.items, attacked),
        told=(RunTold(run=make.run_id, items={"SEC-CFG-4": Outcome.FAIL, make.xss: Outcome.FAIL}),),
        publications=(Publication(channel="jira", **bad, **known),),
        rollback=RollbackDecision(
            verdict=RollbackVerdict.HOLD, automatic=False, at=make.now, by=make.xss, **watched, **known
        ),
        changes=(Change(item=make.xss, before=None, after=State.FAIL, cause="item added", target=make.xss),),
    )


def realistic_signoff(make: Any) -> Signoff:
    lines = (DATA / "items.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t")
    results = tuple(_result(make, row) for row in rows)
    by_id = {each.item.id: each for each in results}
    issues = tuple(
        make.issue(
            f"ISS-{item}-{make.sha(item)[:8]}",
            item,
            IssueStatus.OPEN,
            owner=by_id[item].item.owner,
            severity=by_id[item].item.severity,
            targets=targets,
            due=date(2025, 6, DUE[item]),
            overdue=DUE[item] < make.now.day,
            summary=by_id[item].cells[0].observation.observed,  # type: ignore[union-attr] # it failed, so it was seen
        )
        for item, targets in BAD.items()
    )
    return make.signoff(results, issues=issues, changes=CHANGES, runs=_runs(make))  # type: ignore[no-any-return]


def _result(make: Any, row: dict[str, str]) -> ItemResult:
    item = row["id"]
    fields: dict[str, Any] = {key: row[key] for key in ("area", "section", "owner")}
    fields |= {"stage": int(row["stage"]), "severity": Severity(row["severity"]), "method": Method(row["method"])}
    fields["title"] = Text(ko=row["title_ko"], en=row["title_en"])
    fields["remediation"] = Text(ko=row["remediation_ko"], en=row["remediation_en"])
    if item in DERIVED:
        state, note = DERIVED[item]
        return make.result(item, state, [], note=note, **fields)  # type: ignore[no-any-return]
    if item in ABSENT:
        absent = NotApplicable(
            item=item, target="*", reason="클라우드를 쓰지 않는 자체 서버실입니다.", approver="박지우"
        )
        return make.result(item, State.NOT_APPLICABLE, [], not_applicable=absent, **fields)  # type: ignore[no-any-return]
    if not row["targets"]:
        attested = replace(make.attestation, item=item)
        return make.result(item, State.ATTESTED, [], attestation=attested, **fields)  # type: ignore[no-any-return]
    state = State.FAIL if item in BAD else OTHER.get(item, State.PASS)
    targets = row["targets"].split()
    bad = BAD.get(item, targets[-1:] if item in OTHER else ())
    cells = [_cell(make, row, target, state if target in bad else State.PASS) for target in targets]
    return make.result(item, state, sorted(cells, key=lambda cell: cell.state.rank), **fields)  # type: ignore[no-any-return]


def _cell(make: Any, row: dict[str, str], target: str, state: State) -> CellResult:
    seen: dict[str, Any] = {"observed": row["observed"], "expected": row["expected"]}
    if state is State.ERROR:
        seen = {"reason": f"{target}: sudo: a password is required for /usr/sbin/nft", "expected": row["expected"]}
    elif state is State.NOT_VERIFIED:
        seen = {"note": "not run"}
    elif state is State.STALE:
        seen["note"] = "older than 1d"
    elif state is State.WAIVED:
        seen["waiver"] = "W-3"
    elif target == "app1" and row["id"] == "SW-DEP-3":
        seen["observed"] = "97 of 97 packages as locked"
    return make.cell(row["id"], target, state, **seen)  # type: ignore[no-any-return]


CHANGES = (
    Change(item="MON-SYS-5", before=State.PASS, after=State.FAIL, cause="regressed"),
    Change(item="INF-NET-3", before=State.PASS, after=State.ERROR, cause="could not check"),
    Change(item="SEC-VUL-1", before=State.PASS, after=State.STALE, cause="went stale"),
    Change(item="SW-API-2", before=State.NOT_VERIFIED, after=State.PASS, cause="verified"),
    Change(item="INF-NET-5", before=State.FAIL, after=State.PASS, cause="fixed"),
)


def _runs(make: Any) -> tuple[Any, ...]:
    cells = (Cell(item="INF-SVC-1", check="cache", target="cache1"),)
    yesterday = make.now - timedelta(days=1, hours=12)
    return (
        make.run(
            id="01JYB1M0C4W5X6Y7Z8A9B0C1D2",
            started=yesterday,
            ended=yesterday + timedelta(minutes=17),
            planned=cells * 214,
        ),
        make.run(
            id="01JYCV5N2E3F4G5H6J7K8M9N0P",
            selector="-m security",
            user="security",
            controller="sec-laptop",
            planned=cells * 31,
        ),
        make.run(planned=cells * 214),
    )


@pytest.fixture
def look(tmp_path: Path, browse: Callable[..., str]) -> Callable[..., Any]:
    """Open a page in a frame of a real browser, run a script on it, and return what the script returns.

    The script sees `page` (the document), `view` (its window) and `frame`. With `inside`, it runs in the page itself: a
    frame of another origin allows no other way. The page's own policy would forbid that, and is left out then.
    """

    def run(  # noqa: PLR0913 - how a page can be opened
        page: str,
        script: str,
        *options: str,
        width: int = 1200,
        fragment: str = "",
        sandbox: str | None = None,
        inside: bool = False,
        policy: bool = True,
    ) -> Any:
        page = str(page)  # a rendered page would escape what is put into it
        found = f"(async () => {{{script}}})().catch(String)"
        if inside:
            told = f"const page = document, view = window; {found}.then((found) => parent.postMessage(found, '*'))"
            page = page.replace("</body>", f"<script>{{{told}}}</script></body>")
        if inside or not policy:
            page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        (tmp_path / "framed.html").write_text(page, encoding="utf-8")
        inner = "onmessage = (event) => tell(event.data);"
        outer = "const page = frame.contentDocument, view = frame.contentWindow;"
        outer = f"frame.onload = async () => {{ {outer} tell(await {found}); }};"
        limits = "" if sandbox is None else f'frame.setAttribute("sandbox", {json.dumps(sandbox)});'
        harness = tmp_path / "harness.html"
        harness.write_text(
            '<!doctype html><meta charset="utf-8"><pre id="out"></pre><script>'
            'const tell = (found) => { document.getElementById("out").textContent = JSON.stringify(found ?? null); };'
            f'const frame = document.createElement("iframe"); frame.width = {width}; frame.height = 800;'
            f"frame.style.border = 0; {limits} {inner if inside else outer}"
            f"frame.src = {json.dumps('framed.html' + fragment)}; document.body.append(frame);</script>",
            encoding="utf-8",
        )
        dom = browse(harness, "--dump-dom", "--allow-file-access-from-files", *options)
        answer = re.search(r'<pre id="out">(.+?)</pre>', dom, re.DOTALL)
        assert answer, dom[:2000]
        return json.loads(unescape(answer[1]))

    return run
