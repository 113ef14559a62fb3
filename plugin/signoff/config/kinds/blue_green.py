"""Inventory entry of a pair of environments between which traffic is switched: who tells of their health, and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class HaproxyMap(Strict):
    """A map of the running HAProxy that names the backend which gets the traffic."""

    host: str = Field(description="Inventory host that HAProxy runs on.")
    socket: str = Field(
        default="/run/haproxy/stats.sock", description="Its runtime socket; level `user` is enough, and edits maps."
    )
    file: str = Field(pattern=r"^[\w./+-]+$", description="The map's file, as HAProxy's configuration names it.")
    keys: tuple[str, ...] = Field(min_length=1, description="The map's keys that decide.")


class NginxFiles(Strict):
    """nginx's files, in which proxy_pass leads to one of two upstreams, directly or over a variable."""

    host: str = Field(description="Inventory host that nginx runs on.")
    config: str = Field(default="/etc/nginx/nginx.conf", description="Its main file; what it includes is read too.")


class KubernetesService(Strict):
    """A Service whose selector picks the pods of one of two Deployments; they also tell of their health."""

    cloud: str = Field(description="Name of the cloud service of the cluster.")
    service: str = Field(pattern=r"^[^/]+/[^/]+$", description="namespace/name of the Service.")


class AwsListener(Strict):
    """Rules of an Application Load Balancer that weigh two target groups."""

    cloud: str = Field(description="Name of the cloud service of the account.")
    balancer: str = Field(description="Name of the load balancer.")
    region: str = Field(default="", description="Default: the first one of the cloud service.")


class BlueGreenService(Service):
    """Two environments, of which one serves and the other can take over at once."""

    kind: Literal["blue_green"] = "blue_green"
    load_balancer: str = Field(
        default="", description="Name of the load_balancer service that tells of both; not for kubernetes."
    )
    blue: str = Field(description="Name of one: backend, upstream, target group, or namespace/Deployment.")
    green: str = Field(description="Name of the other.")
    min_healthy: int = Field(default=2, ge=1, description="Healthy servers that each needs.")
    haproxy: HaproxyMap | None = Field(default=None, description="What switches: a map of HAProxy's.")
    nginx: NginxFiles | None = Field(default=None, description="Or nginx's files.")
    aws: AwsListener | None = Field(default=None, description="Or rules of Amazon's load balancer.")
    kubernetes: KubernetesService | None = Field(default=None, description="Or a Service of Kubernetes.")
    drill: str = Field(default="", description="Name of the drill_report service of the last switch; RBK-PRC-3.")
    max_downtime: Duration = Field(
        default=timedelta(seconds=0), description="Longest time without answers in that switch; RBK-PRC-3."
    )
    max_failed: int = Field(default=0, ge=0, description="Most requests that may have failed in it; RBK-PRC-3.")
    min_requests: int = Field(default=50, ge=1, description="With fewer requests it was no switch under load.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.haproxy, self.nginx, self.aws, self.kubernetes]
        if sum(map(bool, ways)) > 1:
            raise ValueError("write at most one of haproxy, nginx, aws and kubernetes")
        if bool(self.kubernetes) == bool(self.load_balancer):
            raise ValueError("write exactly one of load_balancer and kubernetes")
        if self.blue == self.green:
            raise ValueError("blue and green are the same; name two")
        return self

    @property
    def address(self) -> str:
        """Both environments, and who switches."""
        where = self.kubernetes.service if self.kubernetes else self.load_balancer
        return f"{where}: {self.blue}, {self.green}"
