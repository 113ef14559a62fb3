"""SSH of the embedded environment: keys, known hosts and the one server that is every host."""

from __future__ import annotations

import os
import pwd
import shlex
import socket
import sys
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signoff.demo.layout import HOSTS, Program, write_atomically
from signoff.demo.supervision import configuration, python_module

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_SUPERVISORCTL = """\
#!/bin/sh
# supervisorctl of this host: one supervisord serves all hosts, "status" shows what runs on this one.
if [ "$#" -eq 1 ] && [ "$1" = status ]; then
    for file in "$HOME"/etc/supervisor/*.conf; do
        [ -e "$file" ] || exit 0
        name=${{file##*/}}
        set -- "$@" "${{name%.conf}}"
    done
fi
exec {python} -m supervisor.supervisorctl -c {configuration} "$@"
"""
_HOSTNAME = "#!/bin/sh\necho {host}\n"


def user() -> str:
    """Return the only user that may log in: whoever started the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container that runs under a number
        return "demo"


def client_key(layout: Layout) -> Path:
    """Return the private key that every host accepts."""
    return layout.ssh / "id_ed25519"


def known_hosts(layout: Layout) -> Path:
    """Return the file with every host's key, for strict checking."""
    return layout.ssh / "known_hosts"


def host_key(layout: Layout, host: str) -> Path:
    """Return one host's private key."""
    return layout.ssh / f"host_{host}"


def refusal(layout: Layout, host: str) -> Path:
    """Return the file whose presence makes one host drop every connection: the host is "down"."""
    return layout.ssh / "refused" / host


def prepare(layout: Layout) -> None:
    """Create all keys, and the few commands that each host has of its own in `~/bin`."""
    (layout.ssh / "refused").mkdir(parents=True, exist_ok=True)
    public = _key_pair(client_key(layout))
    write_atomically(layout.ssh / "authorized_keys", public + "\n")
    lines = []
    for host in HOSTS:
        lines.append(f"[127.0.0.1]:{layout.port(f'ssh_{host}')} {_key_pair(host_key(layout, host))}")
        _write_commands(layout, host)
    write_atomically(known_hosts(layout), "\n".join(lines) + "\n", mode=0o644)


def program(layout: Layout) -> Program:
    """Return the server, listening on one port per host."""
    argv, env = python_module(layout, "signoff.demo.ssh_server")
    last = layout.port(f"ssh_{HOSTS[-1]}")

    def ready() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", last), timeout=0.2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    first = layout.port(f"ssh_{HOSTS[0]}")
    return Program(
        name="sshd", argv=argv, cwd=layout.dir, env=env, ready=ready, address=f"ssh://{user()}@127.0.0.1:{first}-{last}"
    )


def _key_pair(path: Path) -> str:
    """Write a new private key, and return its public half in OpenSSH's one-line form."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    write_atomically(path, private.decode("ascii"))
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode("ascii")


def _write_commands(layout: Layout, host: str) -> None:
    directory = layout.host(host) / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    text = _SUPERVISORCTL.format(
        python=shlex.quote(sys.executable), configuration=shlex.quote(str(configuration(layout)))
    )
    write_atomically(directory / "supervisorctl", text, mode=0o755)
    write_atomically(directory / "hostname", _HOSTNAME.format(host=host), mode=0o755)
