"""An estate of the test session: brought up once, taken down with it, even if it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import signoff
from estate import environment
from estate.layout import Layout, layout_of_environment
from estate.machine import obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estate.estate import Estate

_GUARD = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.read()
from pathlib import Path
from estate import environment
from estate.layout import Layout
environment.down(Layout(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.fixture(scope="session")
def machine() -> None:
    """Skip where no estate can run; ESTATE_REQUIRED=1 makes that a failure."""
    if (why := obstacle()) is not None:
        if os.environ.get("ESTATE_REQUIRED"):
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture(scope="session")
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Return an estate of the session's own; its image is the one that `python -m estate up` keeps."""
    request.getfixturevalue("machine")
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("there is one estate: run plugin/tests/estate without -n")
    layout = Layout(tmp_path_factory.mktemp("estate"), layout_of_environment().images)
    # Should this session be killed, its end of the pipe closes and the estate goes with it.
    line = [sys.executable, "-c", _GUARD, str(layout.home), str(layout.images)]
    environ = {**os.environ, "PYTHONPATH": str(Path(signoff.__file__).parents[1])}
    with subprocess.Popen(line, env=environ, stdin=subprocess.PIPE, start_new_session=True):
        yield environment.up(layout)
        environment.down(layout)
