"""TLS connections as a caller's host sees them: trusted, of the wrong name, of a stranger, and none at all."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from signoff.errors import NotVerifiedError
from signoff.importers.trace_graph import read as read_graph
from signoff.probes.hosts.encrypted_reach import reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca, file = trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return ca, file


@pytest.fixture(scope="module")
def encrypted(authority: tuple[trustme.CA, Path]) -> Iterator[int]:
    """Serve TLS for localhost until the module is done."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(1)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture(params=["openssl", "python3"])
def asking(request: pytest.FixtureRequest, shell: Any, tmp_path: Path) -> Any:
    """Return a host that has one of the tools."""
    found = shutil.which(request.param, path="/usr/bin:/usr/local/bin:/bin") or shutil.which(request.param)
    if found is None:
        pytest.skip(f"needs {request.param}")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in {found, shutil.which("timeout") or "/usr/bin/timeout"}:
        (tools / tool.rpartition("/")[2]).symlink_to(tool)
    run = shell.backend.run
    shell.backend.run = lambda text, *args, **kw: run(f"PATH={tools}; {text}", *args, **kw)
    return shell


def test_an_edge_is_encrypted_and_trusted(asking: Any, encrypted: int, authority: tuple[trustme.CA, Path]) -> None:
    known: dict[str, Any] = {"ca_file": str(authority[1]), "limit": 30}
    trusted = reach(asking, "app1", "localhost", encrypted, **known)
    assert trusted.answers, trusted.reason
    assert str(trusted) == f"app1 -> localhost:{encrypted} (TLS)"

    by_number = reach(asking, "app1", "127.0.0.1", encrypted, name="localhost", **known)
    assert by_number.answers, by_number.reason
    wrong = reach(asking, "app1", "127.0.0.1", encrypted, name="db.example.test", **known)
    assert not wrong.answers
    stranger = reach(asking, "app1", "localhost", encrypted, limit=30)
    assert not stranger.answers
    assert stranger.reason == "the certificate's authority is not trusted there"


def test_a_closed_or_plain_port_is_a_finding(asking: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = reach(asking, "app1", "127.0.0.1", closed.getsockname()[1], limit=30)
    assert (refused.answers, refused.reason) == (False, "Connection refused")


def test_an_absent_authority_cannot_tell(asking: Any) -> None:
    with pytest.raises(NotVerifiedError, match="cannot be read there"):
        reach(asking, "app1", "127.0.0.1", 1, ca_file="/nowhere/ca.pem")


def test_traced_calls_are_added_up() -> None:
    edges = b'{"data": [{"parent": "a", "child": "b", "callCount": 2}, {"parent": "a", "child": "b", "callCount": 3}]}'
    assert read_graph(edges).calls == {("a", "b"): 5}
    for damaged in (b"", b'{"data": []}', b'{"data": [{"parent": "a"}]}', edges[:30]):
        with pytest.raises(NotVerifiedError):
            read_graph(damaged)
