"""Inventory entry of a workload in a Kubernetes cluster: the images that its pods must run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class WorkloadService(Service):
    """Pods of one namespace that carry the same labels."""

    kind: Literal["workload"] = "workload"
    cloud: str = Field(description="Name of a cloud service with provider kubernetes.")
    repository: str = Field(description="Name of the repository service whose manifest names the images.")
    namespace: str
    labels: dict[str, str] = Field(min_length=1, description="Labels that pick the pods.")
    images: dict[str, str] = Field(min_length=1, description="Container to the image's name in the manifest.")
    other_containers: tuple[str, ...] = Field(
        default=(), description="Containers that are not of the release, such as a proxy; any further one is unknown."
    )

    @property
    def address(self) -> str:
        """Namespace and labels."""
        return f"{self.namespace} {','.join(f'{key}={value}' for key, value in self.labels.items())}"
