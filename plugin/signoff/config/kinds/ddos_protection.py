"""Inventory entry of a protection against floods that a provider sells: whether it is on for what users reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service

_NEEDED: dict[str, tuple[str, ...]] = {
    "aws": ("cloud",),
    "cloudflare": ("zone", "records", "provenance"),
    "google": ("policies", "backends", "provenance"),
}


class DdosProtectionService(Service):
    """What the provider's own API says. Amazon is asked; of the others its answers are read from files."""

    kind: Literal["ddos_protection"] = "ddos_protection"
    provider: Literal["aws", "cloudflare", "google"]
    protects: tuple[str, ...] = Field(
        min_length=1,
        description="ARNs (aws), names that users resolve (cloudflare), or backend services (google).",
    )
    cloud: str = Field(default="", description="aws: name of the cloud service.")
    zone: str = Field(default="", description="cloudflare: file with the answer to GET /zones/ID.")
    records: str = Field(default="", description="cloudflare: file with the answer to GET /zones/ID/dns_records.")
    policies: str = Field(default="", description="google: output of `gcloud compute security-policies list`, JSON.")
    backends: str = Field(default="", description="google: output of `gcloud compute backend-services list`, JSON.")
    provenance: str = Field(default="", description="Note that says when the second of the files was made.")
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """Provider and what it protects."""
        return f"{self.provider}: {', '.join(self.protects)}"

    @model_validator(mode="after")
    def _has_the_keys_of_its_provider(self) -> Self:
        for provider, keys in _NEEDED.items():
            for key in keys:
                if bool(getattr(self, key)) != (key in _NEEDED[self.provider]):
                    need = "needs" if provider == self.provider else "has no"
                    raise ValueError(f"{self.provider} {need} {key}")
        return self
