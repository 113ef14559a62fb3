"""Inventory entry of a load balancer: who tells about it, its pools, and its public side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Ratio, SecretText
from signoff.config.kinds.base import Service, Strict


class Pool(Strict):
    """One backend that takes traffic."""

    name: str
    min_healthy: int = Field(default=2, ge=1, description="Least number of servers that must be well.")
    zones: dict[str, str] = Field(
        default_factory=dict, description="Availability zone by server name; then the healthy ones must span two."
    )
    check: Literal["L7", "L4", "passive"] = Field(
        default="L7",
        description="L7: the health check must ask the application; L4: an open port is enough; passive: the balancer "
        "checks nothing and only learns from failed requests (open-source nginx).",
    )


class Spread(Strict):
    """A small sample of requests, to see that every healthy server really gets some."""

    url: str = Field(description="What to ask, through the load balancer; GET only.")
    header: str = Field(default="", description="Answer header that names the server.")
    json_field: str = Field(default="", description="Field of a JSON answer that names the server, if no header does.")
    requests: int = Field(default=20, ge=4, le=50)
    pool: str = Field(description="The pool that should answer.")
    names: dict[str, str] = Field(
        default_factory=dict,
        description="What a server calls itself in answers, by the balancer's name for it; default: the same.",
    )


class StatsSocket(Strict):
    """HAProxy's runtime socket."""

    host: str = Field(description="Inventory host that it is on.")
    path: str = Field(default="/run/haproxy/stats.sock", description="Its path; the account needs level `user` only.")


class AskedServer(Strict):
    """One server that is asked for its health, where the balancer tells nothing."""

    pool: str
    name: str
    url: str = Field(description="Its health address, past the balancer; 2xx is well.")


class CloudBalancer(Strict):
    """A load balancer of a cloud; pools are names of target groups, in Kubernetes `namespace/service`."""

    cloud: str = Field(description="Name of a cloud service: of Amazon's, or a Kubernetes cluster.")
    region: str = Field(default="", description="Amazon's region; default: the first one of the cloud service.")


class LoadBalancerService(Service):
    """One load balancer: exactly one of `stats_url`, `stats_socket`, `nginx_api`, `asked` and `managed` reads it."""

    kind: Literal["load_balancer"] = "load_balancer"
    stats_url: str = Field(default="", description="HAProxy's statistics page, with or without `;csv`.")
    stats_socket: StatsSocket | None = Field(default=None, description="Or HAProxy's runtime socket.")
    nginx_api: str = Field(default="", description="Or the API of NGINX Plus, such as http://lb1:8080/api/9.")
    asked: tuple[AskedServer, ...] = Field(
        default=(), max_length=50, description="Or the servers themselves, as for open-source nginx."
    )
    managed: CloudBalancer | None = Field(default=None, description="Or a cloud.")
    user: str = ""
    password: SecretText | None = None
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    frontends: tuple[str, ...] = Field(default=(), description="Front ends that must be open; default: all there are.")
    pools: tuple[Pool, ...] = Field(min_length=1)
    max_down: Ratio = Field(default=0.0, description="Most of a pool's servers that may be unwell.")
    http_url: str = Field(description="The plain HTTP address of the product: it must lead to HTTPS and nowhere else.")
    spread: Spread

    @model_validator(mode="after")
    def _one_source(self) -> LoadBalancerService:
        named = [self.stats_url, self.stats_socket, self.nginx_api, self.asked, self.managed]
        if sum(map(bool, named)) != 1:
            raise ValueError("write exactly one of stats_url, stats_socket, nginx_api, asked and managed")
        return self

    @property
    def source(self) -> str:
        """What reads it."""
        found = {
            "stats_url": self.stats_url,
            "stats_socket": self.stats_socket,
            "nginx_api": self.nginx_api,
            "asked": self.asked,
        }
        return next((name for name, value in found.items() if value), "managed")

    @property
    def address(self) -> str:
        """Where its state is read; its public side if a cloud tells it."""
        if self.stats_socket:
            return f"{self.stats_socket.host}:{self.stats_socket.path}"
        return self.stats_url or self.nginx_api or self.http_url
