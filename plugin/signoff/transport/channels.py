"""Which channel an address asks for, and what may be run as root over it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.transport.elevation import Elevation
from signoff.transport.openssh import openssh_channel
from signoff.transport.process import local_channel

if TYPE_CHECKING:
    from signoff.transport.address import HostAddress
    from signoff.transport.channel import Channel


def channel_for(address: HostAddress, *, connect_timeout: float = 5.0) -> Channel:
    """Return the channel; nothing is started yet. `connect_timeout` is in seconds.

    Raises:
        UnreachableError: testinfra does not know the connection, or it would bypass our limits.
        NotVerifiedError: what the address needs is not installed on this machine.
    """
    # What is not the default way in is imported when an inventory asks for it: paramiko is an extra.
    if address.testinfra_url:
        from signoff.transport.foreign import foreign_channel  # noqa: PLC0415

        return foreign_channel(address)
    if address.connection == "local":
        return local_channel(address.name)
    if shutil.which("ssh"):
        return openssh_channel(address, connect_timeout=connect_timeout)
    return _paramiko(address, connect_timeout)


def elevation_of(address: HostAddress) -> Elevation:
    """Return what may be run as root there."""
    return Elevation(
        name=address.name, listed=address.sudo, method=address.become_method, password=address.become_password
    )


def _paramiko(address: HostAddress, connect_timeout: float) -> Channel:
    try:
        from signoff.transport.paramiko_ssh import paramiko_channel  # noqa: PLC0415
    except ImportError:
        raise NotVerifiedError(
            f"{address.name}: no SSH client; install openssh-client, or `pip install pytest-signoff[paramiko]`"
        ) from None
    return paramiko_channel(address, connect_timeout=connect_timeout)
