"""The sign-off page at size: 83 items on 1,000 hosts; its bytes, how long it takes to write, and to open in Chromium.

Some hosts are down, some differ from the others, and every fifth item fails somewhere. The page is served once by a
local server and measured by a script put into a copy of it: DOMContentLoaded, first paint, and how long each of the
filter's fields takes until the browser has painted what is left. A browser of its own is started for every opening.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from signoff.errors import PaperError
from signoff.model import (
    Cell,
    CellResult,
    Item,
    ItemResult,
    Method,
    Observation,
    Outcome,
    Run,
    RunTold,
    Severity,
    Signoff,
    State,
    Target,
    Text,
    Verdict,
)
from signoff.paper import find_browser
from signoff.reports.page import render_page

ITEMS = 83
AREAS = ("infra", "software", "security", "performance", "monitoring", "backup", "integration", "rollback")
NOW = datetime(2025, 6, 23, 5, 0, tzinfo=UTC)
OUTCOMES = {State.PASS: Outcome.PASS, State.FAIL: Outcome.FAIL, State.ERROR: Outcome.ERROR}
MEASURE = """
const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const choose = async (name, value) => {
  const field = document.querySelector(`#filter [name=${name}]`);
  const began = performance.now();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await painted();
  return performance.now() - began;
};
addEventListener("load", () => setTimeout(async () => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const seen = { ready: page.domContentLoadedEventEnd, paint: paint ? paint.startTime : NaN, load: page.loadEventEnd };
  seen.owner = await choose("owner", "owner3");
  seen.text = await choose("text", "maxmemory");
  await choose("owner", ""); await choose("text", "");
  seen.host = await choose("host", "web-0500.example.test");
  seen.shown = document.getElementById("filter-count").textContent;
  await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
}, 100));
"""


def decision(hosts: int) -> Signoff:
    """Return a decision with trouble in many places; the same every time."""
    dice = random.Random(7)
    names = [f"web-{number:04}.example.test" for number in range(hosts)]
    down = set(dice.sample(names, hosts // 200))
    items = tuple(_item(number, names, down, dice) for number in range(ITEMS))
    nights = [_night(number, items, dice) for number in range(14)]
    return Signoff(
        product="Shop",
        environment="production",
        release="1.0.0",
        commit="3f9c2a1d5e6b",
        evaluated_at=NOW,
        timezone="Asia/Seoul",
        verdict=Verdict.NO_GO,
        reasons=(),
        items=items,
        issues=(),
        approvals=(),
        runs=tuple(run for run, _ in nights),
        told=tuple(told for _, told in nights),
        digest=hashlib.sha256(b"evidence").hexdigest(),
    )


def _item(number: int, names: list[str], down: set[str], dice: random.Random) -> ItemResult:
    area = AREAS[number * len(AREAS) // ITEMS]
    item = Item(
        id=f"{area[:3].upper()}-SRV-{number}",
        area=area,
        section="servers",
        owner=f"owner{number % 7}",
        stage=2,
        severity=Severity.HIGH,
        blocking=True,
        method=Method.TEST,
        max_age=timedelta(days=7),
        title=Text(ko=f"서버 설정 점검 {number}", en=f"Server settings {number}"),
        remediation=Text(ko="설정을 고칩니다.", en="Mend the setting."),
    )
    wrong = set(dice.sample(names, len(names) // 50)) if number % 5 == 0 else set()
    states = {name: State.ERROR if name in down else State.FAIL if name in wrong else State.PASS for name in names}
    cells = sorted((_cell(item.id, name, state) for name, state in states.items()), key=lambda one: one.state.rank)
    return ItemResult(item=item, state=cells[0].state, cells=tuple(cells))


def _cell(item: str, target: str, state: State) -> CellResult:
    cell = Cell(item=item, check=f"{item.lower().replace('-', '_')}_holds", target=target)
    seen = Observation(
        run="01JYD7Q2V8Z3K4M5N6P7R8S9TA",
        seq=1,
        cell=cell,
        outcome=OUTCOMES[state],
        started=NOW,
        finished=NOW,
        environment="production",
        release="1.0.0",
        observed="" if state is State.ERROR else "96 % of maxmemory used, policy noeviction",
        expected="<= 80 %, an eviction policy",
        reason=f"{target}: no answer within 10 s" if state is State.ERROR else "",
        evidence_sha256=hashlib.sha256(target.encode()).hexdigest(),
    )
    return CellResult(cell=cell, state=state, target=Target(name=target, kind="host"), observation=seen)


def _night(number: int, items: tuple[ItemResult, ...], dice: random.Random) -> tuple[Run, RunTold]:
    began = NOW - timedelta(days=14 - number)
    run = Run(
        id=f"01JY{number:022}",
        environment="production",
        release="1.0.0",
        selector="",
        planned=tuple(cell.cell for cell in items[0].cells),
        started=began,
        ended=began + timedelta(minutes=20),
    )
    said = {one.item.id: dice.choice([Outcome.PASS] * 6 + [Outcome.FAIL, Outcome.ERROR]) for one in items}
    return run, RunTold(run=run.id, items=said)


def opened(page: str, browser: str) -> dict[str, Any]:
    """Open the page in a new browser, and return what the page's own clock saw, in milliseconds."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    content = page.replace("</body>", f"<script>{MEASURE}</script></body>").encode()
    seen: dict[str, Any] = {}
    told = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content if self.path == "/" else b"")

        def do_POST(self) -> None:
            seen.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            told.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server, tempfile.TemporaryDirectory() as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ["--headless", "--disable-gpu", "--no-first-run", "--window-size=1280,900"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [browser, *options, f"--user-data-dir={profile}", "--remote-debugging-port=0", address]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not told.wait(60):
                raise SystemExit("the browser did not open the page within a minute")
        finally:
            process.terminate()
            process.wait(20)
            server.shutdown()
    return seen


def main() -> None:
    """Write the page, open it several times, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--openings", type=int, default=5)
    options = parser.parse_args()
    signoff = decision(options.hosts)
    builds = []
    for _ in range(3):
        started = time.perf_counter()
        page = render_page(signoff, "ko")
        builds.append(time.perf_counter() - started)
    print(f"{ITEMS} items, {options.hosts} hosts, {sum(len(r.cells) for r in signoff.items):,} cells")
    print(f"page: {len(page.encode()) / 1e6:.2f} MB, written in {statistics.median(builds):.2f} s")
    print(f"(this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB)")
    try:
        browser = find_browser()
    except PaperError as error:
        raise SystemExit(f"not opened: {error}") from None
    seen = [opened(page, browser) for _ in range(options.openings)]
    print(f"| ms, {options.openings} openings | median | min | max |\n|---|---|---|---|")
    for name in ("ready", "paint", "load", "owner", "text", "host"):
        values = [each[name] for each in seen]
        print(f"| {name} | {statistics.median(values):.0f} | {min(values):.0f} | {max(values):.0f} |")
    print(f"filter by host: {seen[0]['shown']}")


if __name__ == "__main__":
    main()
