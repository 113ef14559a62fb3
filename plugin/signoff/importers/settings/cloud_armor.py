"""What Google Cloud says of its front doors: backend services, and the Cloud Armor policies before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_POLICIES, _BACKENDS = "Cloud Armor policies", "backend services"
_REFUSES = ("deny", "throttle", "rate_based_ban")


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One security policy."""

    name: str
    is_adaptive: bool
    """Whether it looks for attacks on the application by itself."""
    refusing: int
    """Rules that deny or throttle."""
    previews: tuple[int, ...]
    """Priorities of rules that only log what they would do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontDoors:
    """Backend services and the name of each one's policy; empty: it has none."""

    policies: Mapping[str, Policy]
    policy_of: Mapping[str, str]

    def gaps(self, services: Iterable[str]) -> Iterator[str]:
        """Yield why a backend service is not protected, for each that is not."""
        for name in services:
            policy = self.policies.get(self.policy_of.get(name, ""))
            if name not in self.policy_of:
                yield f"{name}: no such backend service"
            elif policy is None:
                yield f"{name}: no security policy"
            elif not policy.is_adaptive or not policy.refusing:
                why = "refuses nothing" if policy.is_adaptive else "has no adaptive protection"
                yield f"{name}: {policy.name} {why}"
            elif policy.previews:
                yield f"{name}: {policy.name} only previews rules {', '.join(map(str, policy.previews))}"


def read(policies: bytes, backends: bytes) -> FrontDoors:
    """Return both from `gcloud compute security-policies list --format=json` and `… backend-services list …`.

    Raises:
        NotVerifiedError: not such documents, or no backend service in them.
    """
    services = Node.parse(backends, kind=_BACKENDS)
    rows = services.items()
    if not rows:
        raise services.wrong("at least one backend service")
    known = [_policy(one) for one in Node.parse(policies, kind=_POLICIES).items()]
    return FrontDoors(
        policies={policy.name: policy for policy in known},
        policy_of={row.at("name").text(): row.at("securityPolicy").text("").rpartition("/")[2] for row in rows},
    )


def _policy(node: Node) -> Policy:
    rules = node.at("rules").items()
    adaptive = node.at("adaptiveProtectionConfig").at("layer7DdosDefenseConfig")
    return Policy(
        name=node.at("name").text(),
        is_adaptive="enable" in adaptive and adaptive.at("enable").flag(),
        refusing=sum(rule.at("action").text().startswith(_REFUSES) for rule in rules),
        previews=tuple(
            rule.at("priority").count() for rule in rules if "preview" in rule and rule.at("preview").flag()
        ),
    )
