"""Signs with a key that an SSH agent holds: the private key stays where it is, on a token or behind a passphrase.

Two messages of the agent protocol (draft-ietf-sshm-ssh-agent) are all that is needed: list the keys, and sign. What an
agent returns for an Ed25519 key is the plain signature over the data, so approvals look the same whoever signed them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signoff.errors import ApprovalError

if TYPE_CHECKING:
    from collections.abc import Iterator

AGENT_VARIABLE = "SSH_AUTH_SOCK"
_LIST, _KEYS, _SIGN, _SIGNED = 11, 12, 13, 14
_TYPE = b"ssh-ed25519"
_RAW_KEY = 32
_ANSWER_LIMIT = 1 << 18
_PATIENCE = 60.0
"""Seconds to wait: the owner may have to touch a token, or to confirm."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """One Ed25519 key of an agent."""

    address: str
    """The agent's socket."""
    raw: bytes
    """The public key, 32 bytes."""
    comment: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-add -l` prints it: `SHA256:…`."""
        digest = hashlib.sha256(_blob(self.raw)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def sign(self, data: bytes, /) -> bytes:
        """Return the raw signature, checked.

        Raises:
            ApprovalError: the agent refused, or what it returned is no signature by this key.
        """
        request = bytes([_SIGN]) + _text(_blob(self.raw)) + _text(data) + struct.pack(">I", 0)
        kind, body = _ask(self.address, request)
        if kind != _SIGNED:
            raise ApprovalError(f"the agent refused to sign with {self.fingerprint}; unlock it, or confirm there")
        try:
            name, signature = _texts(next(_texts(body)))
            self.public_key().verify(signature, data)
        except (ValueError, StopIteration, InvalidSignature):
            raise ApprovalError(f"the agent's answer is no signature by {self.fingerprint}") from None
        if name != _TYPE:
            raise ApprovalError(f"the agent signed as {name.decode(errors='replace')}, not as {_TYPE.decode()}")
        return signature


def agent_keys(address: str = "") -> list[AgentKey]:
    """Return the Ed25519 keys of the agent; those on security tokens that sign in another way are not among them.

    Args:
        address: its socket; default: the environment's.

    Raises:
        ApprovalError: there is no agent, or it does not answer.
    """
    address = address or os.environ.get(AGENT_VARIABLE, "")
    if not address:
        raise ApprovalError(f"no SSH agent: {AGENT_VARIABLE} is not set; start ssh-agent and run ssh-add")
    kind, body = _ask(address, bytes([_LIST]))
    if kind != _KEYS:
        raise ApprovalError("the SSH agent does not list its keys; unlock it")
    try:
        parts = list(_texts(body[4:]))
    except ValueError:
        raise ApprovalError("the SSH agent's answer cannot be read") from None
    found = []
    for blob, comment in zip(parts[::2], parts[1::2], strict=False):
        raw = blob[-_RAW_KEY:]
        if blob == _blob(raw):
            found.append(AgentKey(address, raw, comment.decode(errors="replace")))
    return found


def _ask(address: str, message: bytes) -> tuple[int, bytes]:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.settimeout(_PATIENCE)
            agent.connect(address)
            agent.sendall(_text(message))
            (length,) = struct.unpack(">I", _receive(agent, 4))
            if not 0 < length <= _ANSWER_LIMIT:
                raise ApprovalError("the SSH agent's answer cannot be read")
            answer = _receive(agent, length)
    except OSError as error:
        raise ApprovalError(f"the SSH agent at {address} does not answer: {error}") from None
    return answer[0], answer[1:]


def _receive(agent: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = agent.recv(length - len(parts))
        if not part:
            raise ConnectionError("it closed the connection")
        parts += part
    return bytes(parts)


def _blob(raw: bytes) -> bytes:
    return _text(_TYPE) + _text(raw)


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _texts(value: bytes) -> Iterator[bytes]:
    """Yield the texts that follow each other; ValueError if the last one is cut."""
    while value:
        length = int.from_bytes(value[:4])
        if len(value) < 4 + length:
            raise ValueError("cut")
        yield value[4 : 4 + length]
        value = value[4 + length :]
