"""Fixtures that several folders of the engine's own tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import signoff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

_GUARD = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.read()
from signoff.demo import environment
environment.down(Path(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Return the embedded environment, started once for the session (with xdist: once for each worker)."""
    from signoff.demo import environment

    directory = tmp_path_factory.mktemp("demo") / "copy"
    # Should this session be killed, its end of the pipe closes and the copy goes with it.
    line = [sys.executable, "-c", _GUARD, str(directory)]
    environ = {**os.environ, "PYTHONPATH": str(Path(signoff.__file__).parents[1])}
    with subprocess.Popen(line, env=environ, stdin=subprocess.PIPE, start_new_session=True):
        layout = environment.up(directory)
        yield layout
        environment.down(directory)
