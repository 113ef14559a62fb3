"""An SSH agent signs like a key file: with the real agent, and with one that lies."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signoff.errors import ApprovalError
from signoff.model import Person
from signoff.store.agent import AgentKey, agent_keys
from signoff.store.files import FileStore
from signoff.store.sign import load_key, public_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_agent = pytest.mark.skipif(
    not (shutil.which("ssh-agent") and shutil.which("ssh-add") and shutil.which("ssh-keygen")),
    reason="needs OpenSSH's programs (apt-get install openssh-client)",
)


def _make(path: Path, kind: str = "ed25519") -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", path.name, "-f", str(path)], check=True)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """Start the real agent and return its address."""
    address = str(tmp_path / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 30
            while not _listens(address):
                assert process.poll() is None
                assert time.monotonic() < deadline, "the agent does not get ready"
                time.sleep(0.01)
            yield address
        finally:
            process.terminate()


def _listens(address: str) -> bool:
    """Whether somebody answers: the socket's file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(address) == 0


def _add(agent: str, path: Path, *options: str) -> None:
    environ = {**os.environ, "SSH_AUTH_SOCK": agent}
    subprocess.run(["ssh-add", "-q", *options, str(path)], env=environ, check=True, stderr=subprocess.DEVNULL)


@needs_agent
def test_agent_signs_what_the_key_itself_would(make: Any, agent: str, tmp_path: Path) -> None:
    for name, kind in (("tina", "ed25519"), ("old", "rsa"), ("quinn", "ed25519")):
        _make(tmp_path / name, kind)
        _add(agent, tmp_path / name)
    tina, quinn = agent_keys(agent)  # an RSA key cannot sign here, and is not offered
    assert (tina.comment, quinn.comment) == ("tina", "quinn")
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "tina.pub")], capture_output=True, text=True, check=True
    )
    assert tina.fingerprint == listed.stdout.split()[1]
    # OpenSSH's own format is read too, and both ways sign the same.
    key = load_key(tmp_path / "tina")
    assert public_key(tina) == public_key(key)
    assert tina.sign(b"evidence") == key.sign(b"evidence")
    signed = FileStore(tmp_path).keep_approval(make.approval(), tina)
    roster = (Person(name="tina", roles=frozenset({"tech"}), public_key=public_key(key)),)
    assert FileStore(tmp_path).approvals(roster).approvals == (signed,)


@needs_agent
def test_locked_agent_offers_nothing(agent: str, tmp_path: Path) -> None:
    _make(tmp_path / "tina")
    _add(agent, tmp_path / "tina")
    (key,) = agent_keys(agent)
    subprocess.run(
        ["ssh-add", "-q", "-d", str(tmp_path / "tina")], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True
    )
    assert agent_keys(agent) == []
    with pytest.raises(ApprovalError, match="refused to sign"):
        key.sign(b"evidence")


def test_no_agent_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(ApprovalError, match="SSH_AUTH_SOCK is not set"):
        agent_keys()
    with pytest.raises(ApprovalError, match="does not answer"):
        agent_keys(str(tmp_path / "nobody"))


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[Any]:
    """Return a function that starts an agent which gives one answer, and returns its address."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> str:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address = str(tmp_path / f"liar{len(servers)}")
        server.bind(address)
        server.listen()
        servers.append(server)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return address

    yield start
    for server in servers:
        server.close()


ANSWERS = {
    "nothing": b"",
    "a length without an end": struct.pack(">I", 1 << 31),
    "no length": struct.pack(">I", 0),
    "a failure": _text(bytes([5])),
    "a cut list": _text(bytes([12]) + struct.pack(">I", 1) + struct.pack(">I", 99) + b"x"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answers_that_make_no_sense_are_refused(liar: Any, answer: bytes) -> None:
    with pytest.raises(ApprovalError):
        agent_keys(liar(answer))


def test_signature_of_another_key_is_noticed_before_it_is_kept(liar: Any) -> None:
    mine, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    raw = mine.public_key().public_bytes_raw()
    wrong = _text(bytes([14]) + _text(_text(b"ssh-ed25519") + _text(other.sign(b"evidence"))))
    with pytest.raises(ApprovalError, match="no signature by SHA256:"):
        AgentKey(liar(wrong), raw, "").sign(b"evidence")
    rsa = _text(bytes([14]) + _text(_text(b"rsa-sha2-512") + _text(mine.sign(b"evidence"))))
    with pytest.raises(ApprovalError, match="signed as rsa-sha2-512"):
        AgentKey(liar(rsa), raw, "").sign(b"evidence")
    right = _text(bytes([14]) + _text(_text(b"ssh-ed25519") + _text(mine.sign(b"evidence"))))
    assert AgentKey(liar(right), raw, "").sign(b"evidence") == mine.sign(b"evidence")


def test_openssh_form_of_a_key_is_read(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path = tmp_path / "id"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    assert public_key(load_key(path)) == public_key(key)
