"""OpenSSH by the user's own means: configuration, jump host, shared connection, agent, certificate and known keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError
from signoff.transport import HostAddress
from signoff.transport.openssh import openssh_channel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client; install openssh-client")


def test_the_changed_key_of_a_host_is_named_as_such(ssh_server: Any) -> None:
    args = f"-F none -o UserKnownHostsFile={ssh_server.folder / 'wrong_hosts'}"
    with pytest.raises(AuthenticationError, match="CHANGED"):
        openssh_channel(ssh_server.with_args(ssh_args=args)).open().result(30)


def test_the_users_configuration_names_host_key_and_jump_host(make_sshd: Any, tmp_path: Path, connect: Any) -> None:
    jump, target = make_sshd("AllowTcpForwarding yes"), make_sshd()
    config = tmp_path / "config"
    config.write_text(
        f"""
        Host jump
            HostName 127.0.0.1
            Port {jump.port}
            IdentityFile {jump.folder / "id"}
            UserKnownHostsFile {jump.folder / "known_hosts"}
        Host target
            HostName 127.0.0.1
            Port {target.port}
            ProxyJump jump
            IdentityFile {target.folder / "id"}
            UserKnownHostsFile {target.folder / "known_hosts"}
            # What must not get in the way of a check:
            LocalForward {jump.port} 127.0.0.1:1
            RemoteCommand false
            ForwardAgent yes
            PermitLocalCommand yes
            LocalCommand touch {tmp_path / "local"}
            StrictHostKeyChecking no
            LogLevel DEBUG3
        Host *
            User {target.user}
            IdentitiesOnly yes
        """
    )
    host = connect(HostAddress(name="target", ssh_args=f"-F {config}"))
    assert (host.run("echo through").stdout, host.run("echo through").stderr) == ("through\n", "")
    assert (jump.connections, target.connections) == (1, 1)
    assert not (tmp_path / "local").exists()
    (target.folder / "known_hosts").write_text((target.folder / "wrong_hosts").read_text())
    with pytest.raises(AuthenticationError, match="CHANGED"):
        openssh_channel(HostAddress(name="target", ssh_args=f"-F {config}")).open().result(30)


def test_the_users_own_shared_connection_is_used(make_sshd: Any, tmp_path_factory: Any, connect: Any) -> None:
    server = make_sshd("MaxSessions 1")
    control = tmp_path_factory.mktemp("c") / "s"
    shared = f"{server.address.ssh_args} -o ControlMaster=auto -o ControlPath={control} -o ControlPersist=30"
    address = server.with_args(ssh_args=shared)
    try:
        first = connect(address)
        assert first.run("echo one").stdout == "one\n"
        assert control.exists()
        # The server allows one session per connection: whoever comes second gets a connection of its own.
        assert connect(address).run("echo two").stdout == "two\n"
    finally:
        subprocess.run(["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={control}", "x"], check=False)


def test_keys_come_from_the_users_agent(make_sshd: Any, tmp_path_factory: Any, connect: Any) -> None:
    server = make_sshd()
    path = tmp_path_factory.mktemp("a") / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL) as agent:
        try:
            deadline = time.monotonic() + 30
            environment = os.environ | {"SSH_AUTH_SOCK": str(path)}
            while subprocess.run(["ssh-add", "-q", str(server.folder / "id")], env=environment, check=False).returncode:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            address = server.with_args(identity_file="", ssh_args=f"{server.address.ssh_args} -o IdentityAgent={path}")
            assert connect(address).run("echo by agent; echo $SSH_AUTH_SOCK").stdout == "by agent\n\n"
        finally:
            agent.terminate()


def test_a_certificate_opens_the_door(make_sshd: Any, tmp_path: Path, connect: Any) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ca")], check=True)
    server = make_sshd(f"TrustedUserCAKeys {tmp_path / 'ca.pub'}")
    server_user = ["ssh-keygen", "-q", "-s", str(tmp_path / "ca"), "-I", "check", "-n", server.user]
    subprocess.run([*server_user, str(server.folder / "other_id.pub")], check=True)
    address = server.with_args(identity_file=str(server.folder / "other_id"))
    assert connect(address).run("echo by certificate").stdout == "by certificate\n"
