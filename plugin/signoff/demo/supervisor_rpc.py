"""XML-RPC to supervisord over its unix socket, with a time limit: supervisor's own client waits for ever."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from xmlrpc.client import ProtocolError, ServerProxy, Transport

from signoff.demo.layout import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def connect(path: Path, who: str, *, seconds: float) -> Iterator[Any]:
    """Give the methods of supervisord's interface; the connection ends with the block.

    Args:
        path: the socket.
        who: whose supervisor it is, for the message.
        seconds: longest that one answer may take.

    Raises:
        DemoError: it does not answer.
    """
    transport = _UnixTransport(path, seconds)
    try:
        yield ServerProxy("http://localhost", transport=transport).supervisor
    except (OSError, HTTPException, ProtocolError) as error:
        raise DemoError(f"{who} does not answer ({error}); `signoff demo down` cleans up") from error
    finally:
        transport.close()


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(Transport):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__()
        self._path, self._seconds = path, seconds

    def make_connection(self, host: Any) -> HTTPConnection:
        connection = self._connection[1] or _UnixConnection(self._path, self._seconds)
        self._connection = host, connection
        return connection
