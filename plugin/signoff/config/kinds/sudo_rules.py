"""Inventory entry of who may become root on hosts: every permission in their sudoers policy must be listed here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service, Strict


class AllowedSudo(Strict):
    """One permission that may be there."""

    who: str = Field(description="As sudoers write it: a name, %group, #id.")
    commands: tuple[str, ...] = Field(min_length=1, description="As sudoers write them; a * stands for anything.")
    runs_as: str = Field(default="ALL", description="Accounts, as sudoers write them; a * stands for anything.")
    without_password: bool = False


class SudoRulesService(Service):
    """The sudoers policy of hosts; root itself may always do everything."""

    kind: Literal["sudo_rules"] = "sudo_rules"
    hosts: tuple[str, ...] = Field(
        min_length=1,
        description="Hosts and groups. Each must list `/usr/bin/cvtsudoers -e -f json /etc/sudoers` under sudo.",
    )
    allowed: tuple[AllowedSudo, ...] = ()

    @property
    def address(self) -> str:
        """The hosts."""
        return ", ".join(self.hosts)
