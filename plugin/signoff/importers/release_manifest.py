"""The manifest of a release: which version and commit it is, and the digests of everything that was built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "release manifest"
_KEYS = frozenset({"schema_version", "version", "commit", "artifacts", "images"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseManifest:
    """What was built; digests are SHA-256 in lower-case hexadecimal digits."""

    version: str
    commit: str
    artifacts: Mapping[str, str]
    """Name of a file to its digest."""
    images: Mapping[str, str]
    """Name of a container image to the digest of its manifest."""


def read(text: bytes | str) -> ReleaseManifest:
    """Return the manifest: a JSON object with `schema_version` 1, `version`, `commit`, `artifacts` and `images`.

    Raises:
        NotVerifiedError: not such a manifest, a digest that is none, or nothing in it.
    """
    manifest = Node.parse(text, kind=_KIND)
    unknown = sorted(set(manifest.members()) - _KEYS)
    if unknown or manifest.at("schema_version").count() != 1:
        raise NotVerifiedError(f"{_KIND}: not of version 1 (unknown: {', '.join(unknown) or 'version'})")
    artifacts, images = _digests(manifest.at("artifacts")), _digests(manifest.at("images"))
    if not artifacts and not images:
        raise NotVerifiedError(f"{_KIND}: no artifact and no image in it; write it where the release is built")
    return ReleaseManifest(
        version=manifest.at("version").text(),
        commit=manifest.at("commit").text(),
        artifacts=artifacts,
        images=images,
    )


def _digests(node: Node) -> dict[str, str]:
    found = {} if node.value is None else node.members()
    for digest in found.values():
        if _SHA256.fullmatch(digest.text().removeprefix("sha256:")) is None:
            raise digest.wrong("a SHA-256 digest")
    return {name: digest.text().removeprefix("sha256:") for name, digest in found.items()}
