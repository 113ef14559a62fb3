"""The tools that are compared: how each is started on the farm, and how its answer is read."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import suite
from sandbox import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm import Farm
    from tools import Pythons

ASSERTIONS = 30
HERE = Path(__file__).parent / "contenders"
_CONTROL_PATH = "ControlMaster auto\nControlPersist 60\nControlPath {folder}/%C\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """One command, ready to run."""

    line: list[str]
    environ: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdicts:
    """What a tool said about all hosts: how many assertions held, and the names of those that did not."""

    passed: int
    failed: frozenset[str]


class Speed(Enum):
    """How much of a contender's time a comparison can afford."""

    FAST = "in every round"
    MIDDLE = "once"
    SLOW = "once, and on few hosts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way to make the thirty assertions on all hosts; a `warm` one runs once before it is measured."""

    name: str
    prepare: Callable[[Farm, Path, Pythons], Prepared]
    """Takes the farm, an empty folder to work in, and the interpreters."""
    read: Callable[[str, int], Verdicts]
    speed: Speed = Speed.FAST
    warm: bool = False


def environ(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nobody finds the machine's own settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **more}


# --- testinfra ----------------------------------------------------------------------------------------------------


def _testinfra(farm: Farm, folder: Path, pythons: Pythons, *, scheme: str, shared: bool = False) -> Prepared:
    shutil.copytree(HERE / "testinfra", folder, dirs_exist_ok=True)
    config = folder / "ssh_config"
    # A ControlPath belongs into the client's configuration: testinfra 10.2 ignores its own --ssh-extra-args.
    head = _CONTROL_PATH.format(folder=FOLDER) if shared else ""
    config.write_text(head + farm.ssh_config.read_text())
    hosts = ",".join(f"{scheme}://{name}" for name in farm.names)
    line = [str(pythons.peers), "-m", "pytest", "-q", f"--hosts={hosts}", f"--ssh-config={config}"]
    return Prepared(line=line, environ=environ(folder))


def _as_shipped(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    return _testinfra(farm, folder, pythons, scheme="ssh")


def _control_path(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    return _testinfra(farm, folder, pythons, scheme="ssh", shared=True)


def _paramiko(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    return _testinfra(farm, folder, pythons, scheme="paramiko")


# --- Ansible, serverspec ------------------------------------------------------------------------------------------


def _ansible(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    shutil.copytree(HERE / "ansible", folder, dirs_exist_ok=True)
    common = f"ansible_ssh_common_args='-F {farm.ssh_config}'"
    (folder / "hosts.ini").write_text("".join(f"{name} {common}\n" for name in farm.names))
    line = [str(pythons.peers.with_name("ansible-playbook")), "-i", "hosts.ini", "site.yml"]
    return Prepared(line=line, environ=environ(folder, ANSIBLE_CONFIG=str(folder / "ansible.cfg")))


def _mitogen(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    prepared = _ansible(farm, folder, pythons)
    plugins = next((pythons.peers.parents[1] / "lib").glob("python*/site-packages/ansible_mitogen/plugins/strategy"))
    strategy = {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(plugins)}
    return Prepared(line=prepared.line, environ=prepared.environ | strategy)


def _serverspec(farm: Farm, folder: Path, _pythons: Pythons) -> Prepared:
    shutil.copy(HERE / "serverspec" / "host_spec.rb", folder)
    (folder / "names").write_text("\n".join(farm.names))
    line = ["xargs", "-a", "names", "-P", "8", "-I{}", "env", "TARGET_HOST={}", "rspec", "host_spec.rb"]
    return Prepared(line=line, environ=environ(folder, BENCH_SSH_CONFIG=str(farm.ssh_config)))


# --- the floor, and ours ------------------------------------------------------------------------------------------


def _floor(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    shutil.copytree(HERE / "floor", folder, dirs_exist_ok=True)
    line = [str(pythons.ours), "facts.py", str(farm.ssh_config), ",".join(farm.names)]
    return Prepared(line=line, environ=environ(folder))


def _floor_in_pytest(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    prepared = _floor(farm, folder, pythons)
    more = _names(farm) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    line = [str(pythons.ours), "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_facts.py"]
    return Prepared(line=line, environ=prepared.environ | more)


def _names(farm: Farm) -> dict[str, str]:
    return {"BENCH_HOSTS": ",".join(farm.names), "BENCH_SSH_CONFIG": str(farm.ssh_config)}


def _signoff(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    suite.write(folder, farm.names, farm.ssh_config)
    line = [str(pythons.ours), "-m", "pytest", "-q", "-rf", "--signoff-gate=off"]
    return Prepared(line=line, environ=environ(folder))


def _transport(farm: Farm, folder: Path, pythons: Pythons) -> Prepared:
    suite.write_plain(folder)
    more = _names(farm) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return Prepared(line=[str(pythons.ours), "-m", "pytest", "-q"], environ=environ(folder, **more))


# --- answers ------------------------------------------------------------------------------------------------------


def _counted(output: str, _hosts: int) -> Verdicts:
    passed = re.findall(r"(\d+) passed", output)
    # In the order of the alternatives: pytest's summary with or without its word, and the plain floor's.
    failed = re.findall(r"^(?:FAILED)? ?\S+::test_(\w+)", output, re.MULTILINE)
    failed += re.findall(r"^FAILED (\w+)\[", output, re.MULTILINE)
    return Verdicts(passed=int(passed[-1]) if passed else 0, failed=frozenset(failed))


def _from_rspec(output: str, hosts: int) -> Verdicts:
    failed = re.findall(r"^rspec \S+ # host (\w+)", output, re.MULTILINE)
    examples = sum(int(count) for count in re.findall(r"^(\d+) examples", output, re.MULTILINE))
    return Verdicts(passed=examples - len(failed) if examples == hosts * ASSERTIONS else 0, failed=frozenset(failed))


def _from_ansible(output: str, _hosts: int) -> Verdicts:
    passed, failed = 0, set()
    for title, body in re.findall(r"^TASK \[(\w+)\] \*+\n(.*?)(?=^TASK|^PLAY)", output, re.MULTILINE | re.DOTALL):
        if title not in {"setup", "command", "stat", "package_facts", "getent"}:
            passed += len(re.findall(r"^ok: \[", body, re.MULTILINE))
            failed |= {title} if re.search(r"^fatal: \[|^\[ERROR\]", body, re.MULTILINE) else set()
    return Verdicts(passed=passed, failed=frozenset(failed))


FIRST_RUN, CONTROL_PATH = "signoff, first run", "testinfra ssh, ControlPath"
FLOOR, FLOOR_IN_PYTEST, OURS, TRANSPORT = (
    "floor, plain script",
    "floor, in pytest",
    "signoff",
    "signoff, transport alone",
)
CONTENDERS = [
    Contender(name=FLOOR, prepare=_floor, read=_counted),
    Contender(name=FLOOR_IN_PYTEST, prepare=_floor_in_pytest, read=_counted),
    Contender(name=TRANSPORT, prepare=_transport, read=_counted, warm=True),
    Contender(name=OURS, prepare=_signoff, read=_counted, warm=True),
    Contender(name=FIRST_RUN, prepare=_signoff, read=_counted, speed=Speed.MIDDLE),
    Contender(name=CONTROL_PATH, prepare=_control_path, read=_counted, speed=Speed.MIDDLE),
    Contender(name="testinfra paramiko", prepare=_paramiko, read=_counted, speed=Speed.SLOW),
    Contender(name="serverspec, 8 at a time", prepare=_serverspec, read=_from_rspec, speed=Speed.SLOW),
    Contender(name="Ansible with Mitogen", prepare=_mitogen, read=_from_ansible, speed=Speed.SLOW),
    Contender(name="Ansible, pipelining, 20 forks", prepare=_ansible, read=_from_ansible, speed=Speed.SLOW),
    Contender(name="testinfra ssh, as shipped", prepare=_as_shipped, read=_counted, speed=Speed.SLOW),
]
SCRATCH = Path.home() / ".cache" / "signoff-benchmarks" / "work"
"""On the disk, not in memory: what a tool writes down, and how safely, is part of what it costs."""
