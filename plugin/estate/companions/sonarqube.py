"""A contract fake of SonarQube's HTTP API: one project whose newest analysis is described by a file."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def answer(path: str, state: dict[str, Any]) -> dict[str, Any] | None:
    """Return what SonarQube answers to a path; None: it knows no such path."""
    spot = {"component": "shop:shop/app.py", "line": 1, "ruleKey": "python:S2077"}
    spots = [spot] * state["hotspots"]
    condition = {"status": state["status"], "metricKey": "new_violations", "errorThreshold": "0", "actualValue": "3"}
    answers: dict[str, dict[str, Any]] = {
        "/api/system/status": {"status": "UP", "version": "2025.6"},
        "/api/project_analyses/search": {
            "paging": {"total": 1},
            "analyses": [{"key": "A1", "date": state["at"], "revision": state["revision"]}],
        },
        "/api/qualitygates/project_status": {"projectStatus": {"status": state["status"], "conditions": [condition]}},
        "/api/hotspots/search": {"paging": {"total": len(spots)}, "hotspots": spots},
    }
    return answers.get(path)


def serve(port: int, file: Path) -> None:
    """Answer until the process ends; the file is read again for every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(urlsplit(self.path).path, json.loads(file.read_text(encoding="utf-8")))
            body = json.dumps(found or {"errors": [{"msg": "Unknown url"}]}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
