"""Inventory entry of workloads in a Kubernetes cluster that must come back by themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service, Strict


class Workload(Strict):
    """One Deployment or StatefulSet."""

    name: str = Field(pattern=r"^[^/\s]+/[^/\s]+$", description="namespace/name.")
    type: Literal["deployment", "statefulset"] = "deployment"
    replicas: int = Field(default=2, ge=1, description="Fewer ready pods are too few.")
    proof: str = Field(default="", description="Fault of a fault_drills service that showed its restart.")


class KubernetesWorkloadsService(Service):
    """Workloads of one cluster."""

    kind: Literal["kubernetes_workloads"] = "kubernetes_workloads"
    cloud: str = Field(description="Name of a cloud service whose provider is kubernetes.")
    workloads: tuple[Workload, ...] = Field(min_length=1)

    @property
    def address(self) -> str:
        """The cluster and its workloads."""
        return f"{self.cloud}: {', '.join(one.name for one in self.workloads)}"
