"""Hosts over SSH, through testinfra, with time limits and typed errors."""

from signoff.transport.address import HostAddress
from signoff.transport.pool import HostPool

__all__ = ["HostAddress", "HostPool"]
