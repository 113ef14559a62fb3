"""What is asked of a host's patches and of its firewall: how old, how new, how open."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from signoff.config.fields import Duration, Port
from signoff.config.kinds.base import Strict

_PORT = re.compile(r"^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?/(tcp|udp)$")
_LAST = 65_535

RISKY: tuple[int, ...] = (
    *(21, 23, 25, 111, 135, 139, 389, 445, 873, 1433, 1521, 2049, 2375, 2379, 3306, 3389, 5432, 5672, 5900, 5984),
    *(6379, 6443, 8080, 8500, 9090, 9092, 9100, 9200, 10_250, 11_211, 15_672, 27_017),
)
"""Ports that scans from outside try first: remote access, file shares, stores and consoles without passwords."""


def _open_port(text: str) -> str:
    found = _PORT.match(text)
    if found is None or not int(found[1]) <= int(found[2] or found[1]) <= _LAST:
        raise ValueError("not a port; write it with its protocol, such as 443/tcp, 53/udp or 30000-30100/tcp")
    return text


OpenPort = Annotated[str, AfterValidator(_open_port)]


class PatchPolicy(Strict):
    """How far behind a host may be."""

    grace: Duration = Field(
        default=timedelta(days=7),
        description="A security update may wait this long; one whose age is unknown may not wait at all.",
    )
    list_age: Duration = Field(
        default=timedelta(hours=48), description="Older lists of packages say nothing about what is missing."
    )
    end_of_life: dict[str, date] = Field(
        default_factory=dict,
        description="Last day with security updates by `ID VERSION` of os-release, such as `debian 12`; goes before "
        "the built-in table (paid support, a release that the table does not know).",
    )


class OutsideView(Strict):
    """A sample of ports that must not answer when somebody else asks."""

    closed: tuple[Port, ...] = Field(
        default=RISKY, min_length=1, max_length=50, description="TCP ports tried once each; default: notorious ones."
    )
    source: str = Field(default="", description="Address of the runner to ask from; default: whatever it has.")
    address: str = Field(default="", description="Address of the host to ask; default: ansible_host.")


class Firewall(Strict):
    """Who may talk to a host."""

    ports: dict[str, OpenPort] = Field(
        min_length=1,
        description="Everything that may listen beyond loopback, by a name of your choice, such as `https: 443/tcp`; "
        "a group's and a host's are added up.",
    )
    external: str = Field(
        default="",
        description="What filters instead of the host itself, such as a security group; its own rules may be empty.",
    )
    outside: OutsideView = OutsideView()

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """The first ten TCP ports that may listen."""
        found = (_PORT.match(text) for text in self.ports.values())
        return tuple(sorted(int(one[1]) for one in found if one and one[3] == "tcp"))[:10]

    def allows(self, port: int, protocol: str) -> bool:
        """Whether something may listen there."""
        for text in self.ports.values():
            found = _PORT.match(text)
            if found and found[3] == protocol and int(found[1]) <= port <= int(found[2] or found[1]):
                return True
        return False
