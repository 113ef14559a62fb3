"""What the pytests that tests start leave out: plugins that neither the engine nor its users' suites need."""

from __future__ import annotations

LEAN = {"PYTEST_ADDOPTS": "-p no:valkey -p no:anyio -p no:hypothesispytest"}
"""For their environment; loading these costs as much as a small run."""
