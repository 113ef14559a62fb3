"""A host's packet filter, asked with root's rights for the one command that lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import nftables
from signoff.probes.hosts.iptables import parse_iptables
from signoff.probes.hosts.nftables import parse_nftables
from signoff.probes.hosts.packet_filter import PacketFilter

if TYPE_CHECKING:
    from collections.abc import Collection

_SAVE = "iptables-save"
_SAVE_6 = "ip6tables-save"
_NOT_RUN = frozenset({126, 127})


def read_packet_filter(host: Any, sudo: Collection[str]) -> PacketFilter:
    """Return the facts of a connected testinfra host: of nft, or of iptables where that is what the inventory lists.

    Args:
        host: The host.
        sudo: What the inventory allows to follow `sudo -n` there; nothing: the account itself must be allowed to look.

    Raises:
        NotVerifiedError: neither tool is there or may be used; says what to install, list and grant.
    """
    by_tool = {_tool_of(entry): entry for entry in sudo}
    if _SAVE in by_tool and nftables.COMMAND not in by_tool:
        return _by_iptables(host, by_tool)
    return parse_nftables(_output(host, by_tool, nftables.COMMAND))


def _by_iptables(host: Any, by_tool: dict[str, str]) -> PacketFilter:
    first, rules = parse_iptables(_output(host, by_tool, _SAVE), "ip")
    second, more = parse_iptables(_output(host, by_tool, _SAVE_6), "ip6") if _SAVE_6 in by_tool else (None, 0)
    return PacketFilter(
        tool="iptables", rules=rules + more, inputs=tuple(one for one in (first, second) if one is not None)
    )


def _output(host: Any, by_tool: dict[str, str], command: str) -> str:
    if command in by_tool:
        return str(host.check_output(f"sudo -n {by_tool[command]}"))
    result = host.run(command)
    if result.rc == 0:
        return str(result.stdout)
    why = "is not installed" if result.rc in _NOT_RUN else (result.stderr.strip().splitlines() or ["no answer"])[0]
    raise NotVerifiedError(
        f"`{command}`: {why}; list `/usr/sbin/{command}` (without nft: /usr/sbin/{_SAVE} and /usr/sbin/{_SAVE_6}) as"
        f" signoff: {{sudo: […]}}, and grant it in sudoers: ACCOUNT ALL=(root) NOPASSWD: /usr/sbin/{command}"
    )


def _tool_of(entry: str) -> str:
    program, _, arguments = entry.partition(" ")
    return f"{program.rpartition('/')[2]} {arguments}".strip()


def has_ipv6(host: Any) -> bool:
    """Whether the host has an IPv6 address beyond loopback, so that somebody could reach it there."""
    lines = host.run("cat /proc/net/if_inet6").stdout.splitlines()
    return any(line.split()[-1] != "lo" for line in lines if line.strip())
