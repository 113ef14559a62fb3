"""One environment: its hosts, services, policy and records, loaded together so that all mistakes show at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr

from signoff.config.canonical import digest
from signoff.config.host_source import read_hosts
from signoff.config.kinds import KINDS, Service
from signoff.config.kinds.base import Strict
from signoff.config.policy import read_policy
from signoff.config.records import read_attestations, read_waivers
from signoff.config.store import read_store, secrets_of
from signoff.config.validation import validate
from signoff.config.yamlfile import Document, did_you_mean, raise_problems, read_yaml
from signoff.errors import ConfigError, Problem
from signoff.model import Policy, Records, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from signoff.config.hosts import Host
    from signoff.model import Checklist

ENV_FILE_VARIABLE = "SIGNOFF_ENV_FILE"
"""Names one file with secrets that is read instead of the policy's `env_files`."""


class ServicesFile(Strict):
    """The services file of an environment."""

    schema_version: Literal[1]
    services: dict[str, dict[str, Any]] = Field(default={})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceEntry:
    """One named service with its settings."""

    name: str
    settings: Service
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """Everything known about one environment before anything is touched."""

    name: str
    folder: Path
    hosts: Mapping[str, Host]
    services: Mapping[str, ServiceEntry]
    policy: Policy
    records: Records
    sha256: str
    store: str = field(default="", repr=False)
    """Address of the shared store, a secret; empty: evidence is kept in files."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that must reach no output."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Names of the hosts of every group, in Ansible's order; a group may be empty."""
    answered: str = field(default="", repr=False)
    """What `ansible-inventory` said of the hosts, if it was asked."""

    def group(self, name: str) -> tuple[Host, ...]:
        """Return the hosts of a group and of the groups below it; empty if there is no such group."""
        return tuple(self.hosts[host] for host in self.groups.get(name, ()))

    def service(self, name: str) -> Service:
        """Return a service's settings; KeyError if there is none of that name."""
        return self.services[name].settings

    def services_of(self, kind: str) -> dict[str, Service]:
        """Return name and settings of every service of the kind."""
        return {name: entry.settings for name, entry in self.services.items() if entry.settings.kind == kind}

    def target(self, name: str) -> Target:
        """Return the target of that name; KeyError if the inventory has none."""
        if name in self.hosts:
            host = self.hosts[name]
            return Target(name=name, kind="host", address=host.address, sha256=host.sha256)
        entry = self.services[name]
        return Target(name=name, kind=entry.settings.kind, address=entry.settings.address, sha256=entry.sha256)


def find_inventory(root: Path, name: str) -> Path:
    """Return the folder of an environment given by name (below `inventories/`) or by path.

    Raises:
        ConfigError: there is no such folder; the message names those there are.
    """
    for folder in (root / "inventories" / name, Path(name)):
        if folder.is_dir():
            return folder.resolve()
    known = sorted(path.name for path in (root / "inventories").glob("*") if path.is_dir())
    hint = did_you_mean(name, known) or f"create inventories/{name}/ (signoff init shows how)"
    problem = Problem(file="inventories", line=1, column=1, path="", message=f"no environment {name!r}", hint=hint)
    raise ConfigError([problem])


def load_inventory(
    folder: Path, checklist: Checklist, environ: Mapping[str, str] | None = None, *, answered: str = ""
) -> Inventory:
    """Return the environment in the folder.

    Args:
        folder: holds hosts.yaml (or another source of hosts), services.yaml and policy.yaml, and may hold
            waivers.yaml and attestations.yaml.
        checklist: what the records may refer to.
        environ: where `${NAME}` is looked up first; the process environment by default.
        answered: what `ansible-inventory` said to another process of the same run; it is not asked again.

    Raises:
        ConfigError: all mistakes of all files at once.
    """
    environ = os.environ if environ is None else environ
    lookup = _Lookup(folder, environ)
    files = {name: read_yaml(folder / f"{name}.yaml", lookup) for name in ("services", "policy")}
    optional = {
        name: read_yaml(folder / f"{name}.yaml", lookup) if (folder / f"{name}.yaml").exists() else Document(file=name)
        for name in ("waivers", "attestations")
    }
    written = {name: read_yaml(folder / f"{name}.yaml").data for name in files}

    source = read_hosts(folder, lookup, environ, answered=answered)
    hosts = source.hosts
    services = _read_services(files["services"], written["services"], hosts)
    names = {*hosts, *services}
    policy = read_policy(files["policy"], written["policy"], checklist, names)
    ids = {item.id for item in checklist.items}
    zone = policy.timezone if policy else "UTC"
    records = Records(
        waivers=read_waivers(optional["waivers"], zone, ids, names),
        attestations=read_attestations(optional["attestations"], zone, ids, folder),
    )
    store = read_store(files["policy"], written["policy"], lookup)
    raise_problems([*source.documents, *files.values(), *optional.values()])
    assert policy is not None
    return Inventory(
        name=policy.environment,
        folder=folder,
        hosts=hosts,
        services=services,
        policy=policy,
        records=records,
        sha256=digest([source.written, written["services"]]),
        store=store,
        secrets=frozenset(value for value in (*_secrets(hosts, services), *secrets_of(store)) if value),
        groups=source.groups,
        answered=source.answered,
    )


def variables(folder: Path, environ: Mapping[str, str] | None = None) -> Callable[[str], str | None]:
    """Return what finds the values of `${NAME}` for the environment in the folder.

    Raises:
        ConfigError: a file with secrets cannot be read.
    """
    return _Lookup(folder, os.environ if environ is None else environ)


class _Lookup:
    """Values of `${NAME}`: the process environment first, then the environment's own .env files."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._environ = environ
        named = environ.get(ENV_FILE_VARIABLE)
        self._values: dict[str, str | None] = {}
        if named and not Path(named).is_file():
            message, hint = f"{ENV_FILE_VARIABLE} names a file that does not exist", "correct it, or unset it"
            raise ConfigError([Problem(file=named, line=1, column=1, path="", message=message, hint=hint)])
        for path in [Path(named)] if named else [folder / name for name in _env_files(folder)]:
            if path.is_file():
                self._values.update(_read_env(path))

    @property
    def known(self) -> frozenset[str]:
        """Values of the .env files: they must reach no output, in no error either."""
        return frozenset(value for value in self._values.values() if value)

    def __call__(self, name: str) -> str | None:
        value = self._environ.get(name)
        return self._values.get(name) if value is None else value


def _read_env(path: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        message, hint = f"cannot be read: {type(error).__name__}", "the file must be readable UTF-8 text"
        raise ConfigError([Problem(file=str(path), line=1, column=1, path="", message=message, hint=hint)]) from None


def _env_files(folder: Path) -> tuple[str, ...]:
    """Return the policy's `env_files`, read on its own because the rest may need what stands in them."""
    data = read_yaml(folder / "policy.yaml").data
    names = data.get("env_files") if isinstance(data, dict) else None
    return tuple(str(name) for name in names) if isinstance(names, list) else (".env",)


def _read_services(document: Document, raw: Any, hosts: Mapping[str, Host]) -> dict[str, ServiceEntry]:
    parsed = validate(document, document.data, ServicesFile) if document.data is not None else None
    if parsed is None:
        return {}
    entries: dict[str, ServiceEntry] = {}
    for name, body in parsed.services.items():
        here = ("services", name)
        kind = body.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            message = "is missing" if kind is None else f"unknown kind {kind!r}"
            document.add((*here, "kind"), message, did_you_mean(kind or "", KINDS))
            continue
        if name in hosts:
            document.add(here, f"{name!r} is also a host", "targets have unique names: rename one")
        settings = validate(document, body, KINDS[kind], here)
        if settings is not None:
            written = raw["services"][name] if isinstance(raw, dict) else body
            entries[name] = ServiceEntry(name=name, settings=settings, sha256=digest(written))
    return entries


def _secrets(hosts: Mapping[str, Host], services: Mapping[str, ServiceEntry]) -> Iterator[str]:
    for host in hosts.values():
        yield from host.secrets
    for entry in services.values():
        yield from _secret_values(entry.settings)


def _secret_values(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_values(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _secret_values(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _secret_values(each)
