"""Fixtures that several folders of the engine's own tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Return the embedded environment, started once for the session (with xdist: once for each worker)."""
    from signoff.demo import environment  # noqa: PLC0415 - only sessions that need it pay for it

    directory = tmp_path_factory.mktemp("demo") / "copy"
    layout = environment.up(directory)
    yield layout
    environment.down(directory)
