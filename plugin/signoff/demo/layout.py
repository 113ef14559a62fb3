"""Where everything of one copy of the embedded environment lives, and the few facts it remembers about itself.

Who calls what:
    cli/demo.py            -> environment.up / down / status, faults.*
    environment.up(dir)    -> create(layout): directories and state.json, with free ports and fresh passwords
                           -> certificates, sshd keys, postgres, cache, haproxy, dns, metrics: platform, in this package
                           -> release.build_repository(layout), release.deploy(layout, host), release.migrate(layout)
                           -> shop.shop_programs(layout) -> list[Program]
                           -> errortracking.program(layout) -> Program
                           -> backups.prepare(layout), backups.scheduler_program(layout) -> Program
                           -> evidence.write(layout)
                           -> .env, atomically and last: its presence means "up"
    faults                 -> supervision.stop/start/restart/signal(layout, name), postgres.connect_admin(layout),
                              change(layout, faults=...) to remember what is broken

`state.json` is the only thing that is remembered. Everybody reads it through `load` and writes it through `change`.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import SignoffError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOSTS = ("lb1", "app1", "app2", "db1", "db2", "cache1", "mon1", "backup1")
"""Every host; each is a directory, an SSH port and a set of node metrics."""

PORTS = (
    *("https", "http", "stats", "app1", "app2", "app1_green", "app2_green", "pg", "pg_standby", "pg_drill", "redis"),
    *("redis_replica", "redis_drill", "sentinel1", "sentinel2", "sentinel3"),
    *("dns1", "dns2", "prometheus", "sentry", "operations", "status_page"),
    *(f"ssh_{host}" for host in HOSTS),
    *(f"node_{host}" for host in HOSTS),
)
"""Names of the ports of one copy, all on 127.0.0.1; see `Layout.port`."""

PASSWORDS = (
    *("pg_postgres", "pg_replicator", "pg_shop_owner", "pg_shop_app", "pg_signoff"),
    *("redis_default", "redis_shop", "redis_signoff", "sentinel_signoff"),
    *("customer", "other", "admin", "sentry_token", "session_secret", "payment_api_key"),
    *("grafana_token", "on_call_token"),
)
"""Names of the secrets of one copy, random for each; see `Layout.password`."""

MARKER = "SIGNOFF_DEMO_DIR"
"""Environment variable that every process of a copy carries; its value is the copy's directory."""

_SCHEMA = 1


class DemoError(SignoffError):
    """The embedded environment cannot do what was asked; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A process as we started it: the start time tells it from a later one with the same number."""

    pid: int
    started: float


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What one copy remembers. Ports and passwords never change once written."""

    ports: Mapping[str, int]
    passwords: Mapping[str, str]
    runtime_dir: str
    """Short private directory for unix sockets, whose paths may not exceed about 100 characters."""
    commit: str = ""
    """Full id of the commit that is deployed; empty until the release repository exists."""
    supervisor: Process | None = None
    faults: Mapping[str, Any] = field(default_factory=dict)
    """Active faults: name -> whatever healing needs (plain JSON)."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Program -> where it answers, in the order of the start."""
    created_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"schema_version": _SCHEMA, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> State:
        """Return the state that `to_dict` wrote.

        Raises:
            DemoError: it was written by another version.
        """
        values = dict(data)
        if values.pop("schema_version", None) != _SCHEMA:
            raise DemoError("state.json was written by another version; remove the directory and run `signoff demo up`")
        process = values.get("supervisor")
        values["supervisor"] = Process(**process) if process else None
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Layout:
    """Every path of one copy. `dir` is absolute."""

    dir: Path

    @property
    def hosts(self) -> Path:
        """Homes of all hosts."""
        return self.dir / "hosts"

    def host(self, name: str) -> Path:
        """Home of one host: `~` for whoever logs in by SSH, and the root of everything that "is on" that host."""
        return self.hosts / name

    @property
    def ca(self) -> Path:
        """The copy's own certificate authority."""
        return self.dir / "ca"

    @property
    def ca_file(self) -> Path:
        """Certificate that clients trust."""
        return self.ca / "ca.pem"

    @property
    def server_pem(self) -> Path:
        """Key and certificate chain of the TLS front, as the load balancer reads it."""
        return self.host("lb1") / "etc" / "haproxy" / "server.pem"

    @property
    def repo(self) -> Path:
        """The release's git repository."""
        return self.dir / "repo"

    @property
    def logs(self) -> Path:
        """What the platform's own programs print, `<program>.log`; those on a host print to its `~/var/log`."""
        return self.dir / "logs"

    @property
    def central_log(self) -> Path:
        """Where every host's log lines are collected, `<host>.log`."""
        return self.host("mon1") / "var" / "log" / "central"

    @property
    def run(self) -> Path:
        """Generated configuration of the programs that are on no host (supervisor)."""
        return self.dir / "run"

    @property
    def keys(self) -> Path:
        """Keys of people and of the backup."""
        return self.dir / "keys"

    @property
    def ssh(self) -> Path:
        """Client key, host keys and known hosts."""
        return self.dir / "ssh"

    @property
    def env_file(self) -> Path:
        """The `.env` that inventories read; written last."""
        return self.dir / ".env"

    @property
    def state_file(self) -> Path:
        """See `State`."""
        return self.dir / "state.json"

    @property
    def runtime_dir(self) -> Path:
        """Private directory with a short path, for unix sockets."""
        return Path(load(self).runtime_dir)

    def port(self, name: str) -> int:
        """Return the port called `name` (one of `PORTS`)."""
        return load(self).ports[name]

    def password(self, name: str) -> str:
        """Return the secret called `name` (one of `PASSWORDS`)."""
        return load(self).passwords[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program to keep running. `env` is added to a minimal environment that carries `MARKER`."""

    name: str
    """Unique; letters, digits, `-` and `_`."""
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    autorestart: bool = True
    ready: Callable[[], bool] | None = None
    """Asked repeatedly after the start until it is true; must not block for long or raise."""
    host: str = ""
    """Host that it runs on, for `status`; empty for a program of the platform itself."""
    address: str = ""
    """What `status` shows: URL or host:port."""
    stop_signal: str = "TERM"


def new_password() -> str:
    """Return 32 random characters that need no quoting in URLs, shells and configuration files."""
    return secrets.token_hex(16)


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace the file in one step, so that no reader ever sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load(layout: Layout) -> State:
    """Return what the copy remembers.

    Raises:
        DemoError: there is no copy in this directory.
    """
    try:
        text = layout.state_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DemoError(f"no embedded environment in {layout.dir}; start one with `signoff demo up`") from None
    return State.from_dict(json.loads(text))


def save(layout: Layout, state: State) -> None:
    """Write the whole state; use `change` unless the copy is being created."""
    write_atomically(layout.state_file, json.dumps(state.to_dict(), indent=1) + "\n")


def change(layout: Layout, **changes: Any) -> State:
    """Change some fields of the state while nobody else does, and return the new state."""
    with _locked(layout):
        state = dataclasses.replace(load(layout), **changes)
        save(layout, state)
    return state


@contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    with (layout.dir / "state.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
