"""Which images the containers of running pods were really started from, by the digests that the nodes report.

Fields: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.kubernetes import NAMESPACES, PODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents

_DIGEST = re.compile(r"@sha256:([0-9a-f]{64})\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningImage:
    """One container of one pod."""

    pod: str
    container: str
    sha256: str
    """Digest of the image's manifest; empty while the node reports none."""
    ready: bool


def running(
    documents: Documents, *, cluster: str, namespace: str, labels: Mapping[str, str]
) -> tuple[RunningImage, ...]:
    """Return the containers of the namespace's pods that carry all labels; pods that have ended are left out.

    Raises:
        NotVerifiedError: the answers are about another cluster (the uid of kube-system), or only a part of the list.
    """
    uids = [
        one.at("metadata").at("uid").text()
        for one in documents.read(NAMESPACES).at("items").items()
        if one.at("metadata").at("name").text() == "kube-system"
    ]
    if uids != [cluster]:
        raise NotVerifiedError(f"{NAMESPACES.file}: not the cluster {cluster}; ask the right one")
    pods = documents.read(PODS)
    if pods.at("metadata").at("continue").text(""):
        raise NotVerifiedError(f"{PODS.file}: only the beginning of the list; export it whole")
    return tuple(
        image for pod in pods.at("items").items() if _is_ours(pod, namespace, labels) for image in _containers(pod)
    )


def _is_ours(pod: Node, namespace: str, labels: Mapping[str, str]) -> bool:
    metadata = pod.at("metadata")
    ended = pod.at("status").at("phase").text("") in {"Succeeded", "Failed"}
    carried = metadata.at("labels")
    return (
        not ended
        and metadata.at("namespace").text() == namespace
        and carried.value is not None
        and all(carried.at(key).text("") == value for key, value in labels.items())
    )


def _containers(pod: Node) -> list[RunningImage]:
    name = pod.at("metadata").at("name").text()
    wanted = [one.at("name").text() for one in pod.at("spec").at("containers").items()]
    seen = {one.at("name").text(): one for one in pod.at("status").some("containerStatuses")}
    return [
        RunningImage(
            pod=name,
            container=container,
            sha256=_digest(seen[container]) if container in seen else "",
            ready=container in seen and seen[container].at("ready").value is True,
        )
        for container in wanted
    ]


def _digest(status: Node) -> str:
    match = _DIGEST.search(status.at("imageID").text(""))
    return match[1] if match else ""
