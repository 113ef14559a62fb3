"""SW-DEP-2 over several hosts, each a folder of its own: files that agree, that drifted, and that nobody can read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.hosts import ConfigFile, EnvFile, HostSettings
from signoff.errors import UnreachableError
from signoff.transport.host import CheckedHost
from tests.shell import ShellBackend
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGREE, VALID = "environment_files_agree_between_hosts", "configuration_files_are_valid"
SECRET = "throw-away-value-of-this-test"
ENV = f"SHOP_TOKEN={SECRET}\nSHOP_NODE=1\n"


@pytest.fixture
def conclude(tmp_path: Path) -> Callable[..., Any]:
    """Return the function `conclude(check, files, **settings)`; `files` are file names and contents by host."""

    def conclude_(check: str, files: dict[str, dict[str, str]], **settings: Any) -> Any:
        hosts = {}
        for host, contents in files.items():
            (tmp_path / host).mkdir()
            for name, text in contents.items():
                (tmp_path / host / name).write_text(text)
                (tmp_path / host / name).chmod(0o600)
            hosts[host] = SimpleNamespace(name=host, settings=HostSettings.model_validate(settings))

        def connect(host: str) -> CheckedHost:
            if host.startswith("gone"):
                raise UnreachableError(f"{host}: Connection refused")
            return CheckedHost(ShellBackend(tmp_path / host))

        given = {"inventory": SimpleNamespace(hosts=hosts), "connect": connect}
        return SuiteChecks().one(check, None, kind="-", name="-", **given)

    return conclude_


def env_file(**keys: Any) -> dict[str, Any]:
    return {"env_files": [EnvFile(path="shop.env", **keys).model_dump()]}


def test_files_that_agree_are_compared_without_their_values(conclude: Callable[..., Any]) -> None:
    found = conclude(AGREE, {"app1": {"shop.env": ENV}, "app2": {"shop.env": f"# other order\n{ENV}"}}, **env_file())

    assert (found.state, found.evidence["inspected"]) == ("PASS", 2)
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("other", "keys", "state", "reason"),
    [
        (ENV.replace("NODE=1", "NODE=2"), {}, "FAIL", "different from the other hosts: SHOP_NODE on "),
        (ENV.replace("NODE=1", "NODE=2"), {"differs": ("SHOP_NODE",)}, "PASS", ""),
        (ENV.replace(SECRET, "another"), {}, "FAIL", "SHOP_TOKEN on "),
        (ENV.replace("SHOP_NODE=1\n", ""), {}, "FAIL", "SHOP_NODE on "),
    ],
    ids=["value", "allowed", "secret", "missing"],
)
def test_files_that_drifted_are_named_by_key(
    conclude: Callable[..., Any], other: str, keys: dict[str, Any], state: str, reason: str
) -> None:
    hosts = {name: {"shop.env": ENV} for name in ("app1", "app2")} | {"app3": {"shop.env": other}}

    found = conclude(AGREE, hosts, **env_file(**keys))

    assert (found.state, reason in found.reason) == (state, True), found.reason
    assert SECRET not in str(found)


def test_what_cannot_be_compared_is_no_agreement(conclude: Callable[..., Any]) -> None:
    assert conclude(AGREE, {"alone": {"shop.env": ENV}}, **env_file()).state == "NOT_VERIFIED"
    gone = conclude(AGREE, {"app1": {"shop.env": ENV}, "gone1": {}}, **env_file())
    assert (gone.state, gone.reason) == ("ERROR", "gone1: Connection refused")


def config_file(**keys: Any) -> dict[str, Any]:
    return {"config_files": [ConfigFile.model_validate({"path": "shop.json", "validator": "json"} | keys).model_dump()]}


@pytest.mark.parametrize(
    ("text", "keys", "state", "reason"),
    [
        ('{"a": 1}', {}, "PASS", ""),
        ('{"a": ', {}, "FAIL", "app1: shop.json: json refuses it"),
        ('{"a": 1}', {"mode": "400"}, "FAIL", "app1: shop.json has mode 600, limit is 400"),
        ('{"a": 1}', {"owner": "somebody"}, "FAIL", "not to somebody"),
        ('{"a": 1}', {"path": "other.json"}, "FAIL", "app1: other.json is missing"),
    ],
    ids=["valid", "refused", "wide", "of another", "missing"],
)
def test_configuration_is_what_its_program_accepts(
    conclude: Callable[..., Any], text: str, keys: dict[str, Any], state: str, reason: str
) -> None:
    found = conclude(VALID, {"app1": {"shop.json": text}}, **config_file(**keys))

    assert (found.state, reason in found.reason) == (state, True), found.reason


def test_a_host_out_of_reach_has_no_valid_configuration(conclude: Callable[..., Any]) -> None:
    assert conclude(VALID, {"gone1": {}}, **config_file()).state == "ERROR"
    assert conclude(VALID, {"app1": {}}).state == "NOT_VERIFIED"
