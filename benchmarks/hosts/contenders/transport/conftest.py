"""Our hosts without a sign-off: connections, answers ahead, and nothing written down but the questions."""

import json
import os
from pathlib import Path

import pytest

from signoff.transport import HostAddress, HostPool
from signoff.transport.ahead.ahead import Ahead
from signoff.transport.ahead.upcoming import Asker

NAMES = os.environ["BENCH_HOSTS"].split(",")
QUESTIONS = Path(__file__).with_name("questions.json")
AHEAD = Ahead()
POOL = HostPool(
    {name: HostAddress(name=name, ssh_args=f"-F {os.environ['BENCH_SSH_CONFIG']}") for name in NAMES}, ahead=AHEAD
)
ASKED = []


@pytest.fixture(params=NAMES, scope="module")
def host(request):
    return POOL.connect(request.param)


def pytest_collection_finish(session):
    kept = json.loads(QUESTIONS.read_text()) if QUESTIONS.exists() else []
    POOL.start(NAMES)
    AHEAD.expect([_asker(item) for item in session.items], {Asker(*name): asked for name, asked in kept})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    AHEAD.begin(_asker(item))
    try:
        return (yield)
    finally:
        asked = {name: list(texts) for name, texts in AHEAD.end().questions.items()}
        ASKED.append([_asker(item), asked])


def pytest_sessionfinish():
    POOL.close()
    QUESTIONS.write_text(json.dumps(ASKED))


def _asker(item):
    return Asker(item.originalname, item.callspec.params["host"])
