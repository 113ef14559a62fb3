"""The kinds of services an inventory can name: one module each, found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, get_args

from signoff.config.kinds.base import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "Service"]


def _find() -> dict[str, type[Service]]:
    found: dict[str, type[Service]] = {}
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        for member in vars(importlib.import_module(module.name)).values():
            if isinstance(member, type) and issubclass(member, Service) and member is not Service:
                for kind in get_args(member.model_fields["kind"].annotation):
                    found[kind] = member
    return dict(sorted(found.items()))


KINDS: Mapping[str, type[Service]] = _find()
"""Kind to its model; the JSON Schema and the reference are generated from these."""
