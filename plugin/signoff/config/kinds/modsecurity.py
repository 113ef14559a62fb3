"""Inventory entry of a web application firewall that runs on a host of ours: ModSecurity, in nginx or beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class ModsecurityService(Service):
    """One ModSecurity, read from the files that it was started with."""

    kind: Literal["modsecurity"] = "modsecurity"
    host: str = Field(description="Inventory host that it runs on.")
    server: Literal["nginx", "rules"] = Field(
        default="nginx",
        description="nginx: config is nginx's main file; rules: it is the engine's own (Coraza, Apache).",
    )
    config: str = Field(default="/etc/nginx/nginx.conf", description="Main file; read with all that it includes.")
    min_rules: int = Field(
        default=100, ge=1, description="Fewer rules are no rule set, such as the OWASP core rule set."
    )
    exempt: tuple[str, ...] = Field(
        default=("/.well-known/acme-challenge/",), description="Locations that may stand before the filter."
    )
    access: str = Field(description="Name of the access service whose request_filter says what to ask for the log.")
    audit_log: str = Field(default="", description="File, or folder; default: what the configuration says.")
    sudo: bool = Field(default=False, description="Search the log as root; list `/usr/bin/grep -rqF *` for the host.")

    @property
    def address(self) -> str:
        """Host and main file."""
        return f"{self.config} on {self.host}"
