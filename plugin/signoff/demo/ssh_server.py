"""The SSH server: every host of the environment on its own port, commands run by /bin/sh in that host's directory.

Run as `python -m signoff.demo.ssh_server DIR`. Public key only, no terminal, no forwarding, no other user.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from signoff.demo import sshd
from signoff.demo.layout import HOSTS, Layout, load
from signoff.demo.supervision import base_environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Session = asyncssh.SSHServerProcess[bytes]

_CHUNK = 65_536
_MAX_OUTPUT = 64 * 1024 * 1024
"""Bytes of output of one command; beyond it the command is killed, so that a mistake cannot fill the client."""
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class HostServer(asyncssh.SSHServer):
    """One connection to one host: who may come in."""

    def __init__(self, layout: Layout, host: str) -> None:
        self._layout = layout
        self._host = host
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Drop the connection while the host is "down"."""
        self._connection = conn
        if sshd.refusal(self._layout, self._host).exists():
            conn.abort()

    def begin_auth(self, username: str) -> bool:
        """Let only one user's keys count; every other user has none."""
        if self._connection is not None and username == sshd.user():
            self._connection.set_authorized_keys(str(self._layout.ssh / "authorized_keys"))
        return True


class Command:
    """One session: a command or, without one, a shell that reads its commands from standard input.

    Output is pumped by hand until both streams end, and only then the exit status is sent: asyncssh's own
    redirection to a subprocess now and then loses the last output or the status.
    """

    def __init__(self, session: Session, environment: dict[str, str]) -> None:
        self._session = session
        self._environment = environment
        self._output = 0

    async def run(self) -> None:
        """Run to the end and report the status; if the client goes away, the command is hung up."""
        line = ("-c", self._session.command) if self._session.command else ("-s",)
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *line,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._environment["HOME"],
            env=self._environment,
            start_new_session=True,
        )
        feeding = asyncio.create_task(self._feed(child))
        try:
            await asyncio.gather(
                self._pump(child.stdout, self._session.stdout), self._pump(child.stderr, self._session.stderr)
            )
            status = await child.wait()
        except (OSError, asyncssh.Error, asyncio.CancelledError):
            _kill(child.pid)
            raise
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError):
                await feeding
        if status < 0:
            self._session.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            self._session.exit(status)

    async def _feed(self, child: asyncio.subprocess.Process) -> None:
        """Pass standard input on as it comes, and its end as well."""
        if child.stdin is None:
            return
        with suppress(OSError, asyncssh.Error):
            while data := await self._session.stdin.read(_CHUNK):
                child.stdin.write(data)
                await child.stdin.drain()
        with suppress(OSError):
            child.stdin.close()

    async def _pump(self, source: asyncio.StreamReader | None, target: asyncssh.SSHWriter[bytes]) -> None:
        while source is not None and (data := await source.read(_CHUNK)):
            self._output += len(data)
            if self._output > _MAX_OUTPUT:
                raise OSError(f"more than {_MAX_OUTPUT} bytes of output")
            target.write(data)
            await target.drain()


def host_environment(layout: Layout, host: str) -> dict[str, str]:
    """Return the environment of every command on the host."""
    home = layout.host(host)
    base = base_environment(layout)
    path = (str(home / "bin"), str(Path(sys.executable).parent), *_SYSTEM_PATH)
    return base | {
        "HOME": str(home),
        "PWD": str(home),
        "PATH": os.pathsep.join(path),
        "USER": sshd.user(),
        "LOGNAME": sshd.user(),
        "SHELL": "/bin/sh",
        "SIGNOFF_DEMO_HOST": host,
    }


async def serve(layout: Layout) -> None:
    """Listen for every host until stopped."""
    ports = load(layout).ports
    for host in HOSTS:
        await asyncssh.create_server(
            lambda host=host: HostServer(layout, host),
            "127.0.0.1",
            ports[f"ssh_{host}"],
            server_host_keys=[str(sshd.host_key(layout, host))],
            process_factory=_sessions(host_environment(layout, host)),
            encoding=None,
            line_editor=False,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            login_timeout=60,
            keepalive_interval=30,
        )
    print("sshd: listening for", ", ".join(HOSTS), flush=True)  # noqa: T201 - this is the log
    await asyncio.Event().wait()


def _sessions(environment: dict[str, str]) -> Callable[[Session], Awaitable[None]]:
    async def handle(session: Session) -> None:
        with suppress(OSError, asyncssh.Error):
            await Command(session, environment).run()

    return handle


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(serve(Layout(Path(sys.argv[1]))))
