"""A real SSH server on a free local port, and ways to spoil it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import asyncssh
import pytest

from signoff.transport import HostAddress, HostPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class SSHServer:
    """An SSH server that runs commands by `/bin/sh` as the current user, and counts its connections."""

    port: int
    folder: Path
    connections: int = 0
    live: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def cut(self) -> None:
        """Cut all connections without a word."""

        async def abort() -> None:
            while self.live:
                self.live.pop().abort()

        asyncio.run_coroutine_threadsafe(abort(), self.loop).result(5)

    @property
    def address(self) -> HostAddress:
        """How to get in, with the server's key known."""
        return HostAddress(
            name="web1",
            host="127.0.0.1",
            port=self.port,
            user="tester",
            identity_file=str(self.folder / "id"),
            ssh_args=f"-F none -o UserKnownHostsFile={self.folder / 'known_hosts'}",
        )

    def with_args(self, **changes: str) -> HostAddress:
        """Return the address, changed."""
        return replace(self.address, **changes)  # type: ignore[arg-type]


async def _serve_command(process: asyncssh.SSHServerProcess[bytes]) -> None:
    child = await asyncio.create_subprocess_shell(
        process.command or "exit 0",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        stdout, stderr = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    process.stdout.write(stdout)
    process.stderr.write(stderr)
    if child.returncode is not None and child.returncode >= 0:
        process.exit(child.returncode)
    else:
        process.exit_with_signal("KILL")


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    """One server for all tests of this folder."""
    folder = tmp_path_factory.mktemp("ssh")
    host_key, user_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user_key.write_private_key(folder / "id")
    (folder / "id").chmod(0o600)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(folder / "other_id")
    (folder / "other_id").chmod(0o600)
    (folder / "authorized_keys").write_bytes(user_key.export_public_key())
    state = SSHServer(port=0, folder=folder)

    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            state.connections += 1
            state.live.append(conn)

    loop = state.loop

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            Server,
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=str(folder / "authorized_keys"),
            process_factory=_serve_command,
            encoding=None,
        )

    acceptor = loop.run_until_complete(start())
    state.port = acceptor.get_port()
    public = host_key.export_public_key().decode().strip()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{state.port} {public}\n")
    wrong = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    (folder / "wrong_hosts").write_text(f"[127.0.0.1]:{state.port} {wrong}\n")
    (folder / "no_hosts").write_text("")
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield state

    async def stop() -> None:
        acceptor.close()
        await acceptor.wait_closed()
        # A command whose client was cut off may still run.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(params=["openssh", "paramiko"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test over both SSH clients."""
    if request.param == "paramiko":
        monkeypatch.setattr("signoff.transport.pool.shutil.which", lambda _: None)
    elif shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    return str(request.param)


@pytest.fixture
def pool(ssh_server: SSHServer, client: str) -> Iterator[HostPool]:
    """Give a pool with the one host `web1`, over each client in turn."""
    assert client
    with HostPool({"web1": ssh_server.address}, limit=5) as pool:
        yield pool
