"""What is asked of a host, and the host itself: Ansible's variables, and one strict mapping of ours.

Everything Ansible knows is kept (`ansible_*` and the team's own variables). What this product asks of a host stands
in `signoff:`, on a host or a group; it is merged from group to host.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from signoff.config.exposure import Firewall, PatchPolicy
from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECRET_NAME = re.compile(
    r"(?:\A|[_-])(?:pass|passwd|password|passphrase|pwd|secret|token|(?<!public[_-])key)\Z", re.IGNORECASE
)
"""Variables that hold secrets: Ansible's own, such as ansible_become_pass, and a team's, such as db_password."""
CONNECTION_VARIABLES = frozenset(
    {
        "ansible_connection",
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_password",
        "ansible_private_key_file",
        "ansible_become_method",
        "ansible_become_pass",
        "ansible_become_password",
        "ansible_ssh_host",
        "ansible_ssh_user",
        "ansible_ssh_private_key_file",
        "ansible_ssh_args",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
    }
)
"""What connections are made with."""


class ServerSpec(Strict):
    """What the server was ordered with; a server below it fails INF-SRV-1."""

    cpus: int | None = Field(default=None, ge=1, description="Processors.")
    memory_gib: float | None = Field(default=None, gt=0, description="Memory in GiB; 5 % less is accepted.")
    disk_free: Ratio = Field(default=0.2, description="Least free share of every file system.")
    inodes_free: Ratio = Field(default=0.2, description="Least free share of inodes of every file system.")
    mounts: tuple[str, ...] = Field(default=("/",), description="File systems that must be there.")
    peak_cpu: Ratio = Field(default=0.7, description="Highest accepted use of the processors at the busiest time.")
    peak_memory: Ratio = Field(default=0.7, description="Highest accepted use of memory at the busiest time.")
    peak_window: Duration = Field(
        default=timedelta(days=14), description="How far back the busiest time is looked for."
    )
    peak_min_history: Duration = Field(default=timedelta(days=7), description="Fewer measurements prove nothing.")
    disk_horizon: Duration = Field(
        default=timedelta(days=14),
        description="No file system may be full within this time, if it goes on as in the peak window.",
    )


class PackageSpec(Strict):
    """A package that must be installed."""

    name: str
    min_version: str = Field(default="", description="Oldest accepted version, in the distribution's own form.")


class PythonEnvironment(Strict):
    """One interpreter on the host whose packages must equal the lock file."""

    interpreter: str = Field(description="Path on the host; relative paths start at the login folder.")
    repository: str = Field(description="Name of the repository service whose lock file holds for it.")
    extras: tuple[str, ...] = Field(default=(), description="Extras of the project that are installed.")
    ignore: tuple[str, ...] = Field(default=("pip", "setuptools", "wheel"), description="Packages that may differ.")


class NodeEnvironment(Strict):
    """One Node.js application on the host whose packages must equal its package-lock.json."""

    folder: str = Field(description="Folder that holds node_modules; relative paths start at the login folder.")
    repository: str = Field(description="Name of the repository service that holds the lock file.")
    lockfile: str = Field(default="package-lock.json", description="Its path in the repository.")
    node: str = Field(default="node", description="Program on the host that looks.")
    development: bool = Field(default=False, description="Whether packages for development are installed there, too.")


class Artifact(Strict):
    """A file of the release on the host; SW-DEP-1."""

    path: str
    name: str = Field(description="Its name in the release's manifest.")
    repository: str = Field(description="Name of the repository service whose manifest holds its digest.")


class ConfigFile(Strict):
    """A configuration file on the host; SW-DEP-2."""

    path: str
    mode: str = Field(default="644", pattern="^0?[0-7]{3}$", description="Widest accepted permissions, octal.")
    owner: str = Field(default="", description="Account that must own it; empty: any.")
    validator: Literal[
        "nginx",
        "haproxy",
        "apache",
        "sshd",
        "sudoers",
        "named",
        "unbound",
        "rsyslog",
        "prometheus",
        "alertmanager",
        "json",
        "toml",
        "shell",
        "none",
    ] = Field(description="Whose own check it must pass; none: only mode, owner and drift are looked at.")
    program: str = Field(default="", description="The validator's program, if it is not on the account's path.")
    sudo: bool = Field(default=False, description="Run the validator by `sudo -n`; signoff.sudo must name the command.")
    same_on_all_hosts: bool = Field(default=False, description="Compared between the hosts that list it, by digests.")


class EnvFile(Strict):
    """An environment file on the host."""

    path: str
    mode: str = Field(default="600", pattern="^0?[0-7]{3}$", description="Widest accepted permissions, octal.")
    owner: str = Field(default="", description="Account that must own it; empty: any.")
    required: tuple[str, ...] = Field(default=(), description="Keys that must be there.")
    optional: tuple[str, ...] = Field(default=(), description="Further keys that may be there; any other is unknown.")
    same_on_all_hosts: bool = Field(default=True, description="Values are compared between hosts, as keyed digests.")
    differs: tuple[str, ...] = Field(default=(), description="Keys whose values may differ between hosts.")


class SupervisedProcess(Strict):
    """A process that must come back by itself."""

    name: str
    manager: Literal["systemd", "supervisor"] = Field(default="systemd", description="What starts it again.")
    config: str = Field(default="", description="For supervisor: path of its configuration on the host.")
    at_boot: bool = Field(default=True, description="Whether it must also start with the host.")
    proof: str = Field(default="", description="Fault of a fault_drills service that showed its restart.")


class ProcessLimit(Strict):
    """A program whose limit of open files must suffice."""

    process: str = Field(description="Its name as `ps -o comm` shows it.")
    open_files: int | None = Field(default=None, ge=1, description="Most that it will have open at the planned peak.")


class SystemLimits(Strict):
    """How near the host may come to the limits of its operating system; INF-CLD-3."""

    used: Ratio = Field(default=0.7, description="Most of a limit that may be used, now and as planned.")
    processes: tuple[ProcessLimit, ...] = Field(
        default=(), description="Programs that hold many files or connections; the limits of the system always count."
    )


def _sudo_command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"not a command: {error}") from None
    if not words or words[0] in {"sudo", "*"}:
        raise ValueError("write what follows `sudo -n`, such as /usr/sbin/nft -j list ruleset")
    return text


SudoCommand = Annotated[str, AfterValidator(_sudo_command)]


class HostSettings(Strict):
    """What the checks ask of a host."""

    testinfra_url: str = Field(default="", description="Any testinfra host URL, such as docker://name, instead of SSH.")
    sudo: tuple[SudoCommand, ...] = Field(
        default=(),
        description="What may follow `sudo -n` on the host: whole commands, or beginnings that end in ` *`.",
    )
    spec: ServerSpec | None = None
    packages: tuple[PackageSpec, ...] = ()
    libraries: tuple[str, ...] = Field(default=(), description="Programs whose shared libraries must all resolve.")
    python: tuple[PythonEnvironment, ...] = ()
    node: tuple[NodeEnvironment, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    env_files: tuple[EnvFile, ...] = ()
    config_files: tuple[ConfigFile, ...] = ()
    source: tuple[str, ...] = Field(default=(), description="Folders with deployed source, scanned for secrets.")
    sample_secrets: tuple[str, ...] = Field(
        default=(), description="Patterns of paths with made-up secrets, such as srv/shop/tests/*; not searched."
    )
    command_lines: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns of command lines that are this host's, searched for secrets; for hosts that share one.",
    )
    processes: tuple[SupervisedProcess, ...] = ()
    limits: SystemLimits = SystemLimits()
    patches: PatchPolicy = PatchPolicy()
    firewall: Firewall | None = None
    metrics_instance: str = Field(default="", description="Value of the host's label in Prometheus; default: its name.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One server of the inventory, with all variables that apply to it."""

    name: str
    groups: tuple[str, ...]
    variables: Mapping[str, Any] = field(repr=False)
    settings: HostSettings
    sha256: str

    @property
    def address(self) -> str:
        """Where it answers, without credentials."""
        port = self.variables.get("ansible_port")
        return f"{self.variables.get('ansible_host', self.name)}{f':{port}' if port else ''}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never appear in any output, at whatever depth they stand."""
        return tuple(_secrets(self.variables))


def is_secret(name: object) -> bool:
    """Return whether a variable of that name holds a secret."""
    return _SECRET_NAME.search(str(name)) is not None


def _secrets(variables: object) -> Iterator[str]:
    if isinstance(variables, dict):
        for name, value in variables.items():
            if is_secret(name) and type(value) in {str, int} and value:
                yield str(value)
            yield from _secrets(value)
    elif isinstance(variables, list):
        for value in variables:
            yield from _secrets(value)
