"""A real SSH server for all tests of this folder, and hosts behind it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from signoff.transport import HostPool
from tests.transport import sshd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.transport import HostAddress
    from signoff.transport.host import CheckedHost


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One server for all tests of this folder."""
    if sshd.BINARY is None:
        pytest.skip("no sshd on this machine; install openssh-server")
    server = sshd.SSHServer(tmp_path_factory.mktemp("ssh"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def make_sshd(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start servers of the test's own, which it may spoil; options are lines of sshd_config."""
    if sshd.BINARY is None:
        pytest.skip("no sshd on this machine; install openssh-server")
    servers: list[Any] = []

    def make(*options: str) -> Any:
        folder = tmp_path / f"sshd{len(servers)}"
        folder.mkdir()
        server = sshd.SSHServer(folder, options=options)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def make_account() -> Iterator[Callable[..., Any]]:
    """Create accounts without rights."""
    if os.getuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("accounts are created by root, with useradd; run as root, install passwd")
    accounts: list[Any] = []

    def make(shell: str = "/bin/sh", password: str = "") -> Any:
        accounts.append(sshd.Account.create(shell, password))
        return accounts[-1]

    yield make
    for account in accounts:
        account.remove()


@pytest.fixture(params=["openssh", "paramiko"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test over both SSH clients."""
    if request.param == "paramiko":
        monkeypatch.setattr("signoff.transport.channels.shutil.which", lambda _: None)
    elif shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    return str(request.param)


@pytest.fixture
def pool(ssh_server: Any, client: str) -> Iterator[HostPool]:
    """Give a pool with the one host `web1`, over each client in turn."""
    assert client
    with HostPool({"web1": ssh_server.address}, connect_timeout=30) as pool:
        yield pool


@pytest.fixture
def connect() -> Iterator[Callable[..., CheckedHost]]:
    """Connect to an address, and end the connection with the test."""
    pools: list[HostPool] = []

    def make(address: HostAddress, **settings: Any) -> CheckedHost:
        pools.append(HostPool({address.name: address}, **{"connect_timeout": 30, **settings}))
        return pools[-1].connect(address.name)

    yield make
    for pool in pools:
        pool.close()
