"""An nginx with ModSecurity and the OWASP Core Rule Set, as Debian packages them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
CORE_RULES = Path("/usr/share/modsecurity-crs/rules")
_CONFIGURATION = """\
load_module {module};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    modsecurity on;
    modsecurity_rules_file {folder}/rules/main.conf;
    limit_req_zone $binary_remote_addr zone=login:1m rate=2r/m;
    limit_req_status 429;
    root {folder}/site;
    include servers/*.conf;
}}
"""
_RULES = """\
SecRuleEngine On
SecRequestBodyAccess On
SecAuditEngine RelevantOnly
SecAuditLogRelevantStatus "^(?:5|4(?!04))"
SecAuditLogParts ABIJFHZ
SecAuditLogType Serial
SecAuditLog {log}
Include /etc/modsecurity/crs/crs-setup.conf
Include {rules}/*.conf
"""
_SERVERS = """\
server {{ listen {on}; server_name on.example.test;
    location = /api/login {{ limit_req zone=login burst=1 nodelay; try_files /index.html =404; }} }}
server {{ listen {detects}; server_name detects.example.test;
    modsecurity_rules 'SecRuleEngine DetectionOnly'; }}
server {{ listen {off}; server_name off.example.test; modsecurity off; }}
"""


@dataclass(frozen=True)
class Filter:
    """One nginx: a server that blocks, one that only detects, and one without a filter."""

    folder: Path
    ports: dict[str, int]

    @property
    def config(self) -> str:
        """Its main file."""
        return str(self.folder / "nginx.conf")

    @property
    def log(self) -> str:
        """The audit log of the filter."""
        return str(self.folder / "audit.log")

    def url(self, server: str) -> str:
        """Return the address of `on`, `detects` or `off`."""
        return f"http://127.0.0.1:{self.ports[server]}"


@contextmanager
def filtering() -> Iterator[Filter]:
    """Run the filter for as long as a block lasts."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None or not MODULE.exists() or not CORE_RULES.exists():
        pytest.skip("needs the packages nginx, libnginx-mod-http-modsecurity and modsecurity-crs")
    folder = Path(tempfile.mkdtemp(prefix="signoff-filter-", dir="/tmp"))
    ports = {name: free_port() for name in ("on", "detects", "off")}
    found = Filter(folder, ports)
    for name in ("rules", "servers", "site"):
        (folder / name).mkdir()
    (folder / "site" / "index.html").write_text("<li>pen</li>")
    (folder / "rules" / "main.conf").write_text(_RULES.format(log=found.log, rules=CORE_RULES))
    (folder / "servers" / "all.conf").write_text(_SERVERS.format(**ports))
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(module=MODULE, folder=folder))
    folder.chmod(0o755)
    command = [nginx, "-p", str(folder), "-c", found.config, "-g", "daemon off; master_process off;"]
    said = folder / "said"
    with said.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _wait(process, ports["on"], said)
            yield found
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nginx did not start: {said.read_text()}")
