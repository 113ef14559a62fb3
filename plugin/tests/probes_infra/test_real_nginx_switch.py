"""A real nginx that is switched from blue to green and astray while users ask: probe and check tell what they get."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.blue_green import BlueGreenService
from signoff.probes.front import nginx_switch
from tests.patience import wait_until
from tests.ports import free_port
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = "switch_between_colours_is_known"
COLOURS = ("blue", "green", "violet")
MAIN = """\
daemon off;
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
{servers}
    include {folder}/live.conf;
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://$live; }} }}
}}
"""
SERVER = """\
    upstream {name} {{ server 127.0.0.1:{port}; }}
    server {{ listen 127.0.0.1:{port}; return 200 {name}; }}
"""


class Front:
    """One nginx before three colours, of which its file `live.conf` picks one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.config = str(folder / "nginx.conf")

    def lead(self, text: str) -> None:
        """Write what decides."""
        (self.folder / "live.conf").write_text(text)

    def reload(self) -> None:
        """Let it read its files anew."""
        os.kill(int((self.folder / "nginx.pid").read_text()), signal.SIGHUP)

    def answer(self) -> str:
        """Return the colour that a user gets; empty while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def wait_for(self, colour: str) -> None:
        """Return as soon as users get the colour."""
        wait_until(lambda: self.answer() == colour, f"users do not get {colour}")


@contextmanager
def running() -> Iterator[Front]:
    """Run nginx, with all traffic on blue, for as long as a block lasts."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx (apt-get install nginx)")
    folder = Path(tempfile.mkdtemp(prefix="signoff-nginx-", dir="/tmp"))
    folder.chmod(0o755)
    front = Front(folder, free_port())
    servers = "".join(SERVER.format(name=name, port=free_port()) for name in COLOURS)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, port=front.port, servers=servers))
    front.lead("map $host $live { default blue; }")
    with subprocess.Popen([nginx, "-p", str(folder), "-c", front.config], stderr=subprocess.DEVNULL) as process:
        try:
            front.wait_for("blue")
            yield front
        finally:
            process.terminate()
            process.wait(60)
            shutil.rmtree(folder)


def test_users_get_what_probe_and_check_say(here: Any) -> None:
    given: dict[str, Any] = {"inventory": SimpleNamespace(), "open_cluster": None, "open_aws_account": None}

    def conclude(config: str) -> tuple[str, str]:
        way = {"host": "lb1", "config": config}
        settings = BlueGreenService.model_validate(
            {"load_balancer": "lb", "blue": "blue", "green": "green", "nginx": way}
        )
        found = SuiteChecks().one(CHECK, settings, name="shop", connect=lambda _: here, **given)
        return found.state, found.reason

    with running() as front:
        for colour, state in (("green", "PASS"), ("violet", "FAIL"), ("blue", "PASS")):
            front.lead(f"map $host $live {{ default {colour}; }}")
            front.reload()
            front.wait_for(colour)

            switch = nginx_switch.read_switch(here, front.config)
            assert (switch.serving, switch.known) == ((colour,), frozenset(COLOURS))
            assert conclude(front.config)[0] == state

        front.lead("")
        assert conclude(front.config)[0] == "NOT_VERIFIED"
        assert conclude(str(front.folder / "other.conf"))[0] == "NOT_VERIFIED"
