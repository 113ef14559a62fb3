import os

import pytest
from facts import gather

HOSTS = os.environ["BENCH_HOSTS"].split(",")


@pytest.fixture(scope="session")
def all_facts():
    return gather(os.environ["BENCH_SSH_CONFIG"], HOSTS)


@pytest.fixture(params=HOSTS, scope="module")
def facts(request, all_facts):
    return all_facts[request.param]
