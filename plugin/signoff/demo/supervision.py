"""Keep the programs of one copy running, by supervisord in user space with a private unix socket."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault

import signoff
from signoff.demo import processes, supervisor_rpc
from signoff.demo.layout import MARKER, DemoError, change, load, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from signoff.demo.layout import Layout, Program

_START_TIMEOUT = 60.0
_ALREADY_STARTED = 60
_NOT_RUNNING = 70
_SUPERVISOR = """\
[unix_http_server]
file = {socket}
chmod = 0600

[supervisord]
logfile = {logs}/supervisord.log
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = {run}/supervisord.pid
childlogdir = {logs}
directory = {dir}
minfds = 256
nocleanup = true
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{socket}

[include]
files = programs/*.conf ../hosts/*/etc/supervisor/*.conf
"""
_PROGRAM = """\
[program:{name}]
command = {command}
directory = {directory}
environment = {environment}
autostart = false
autorestart = {autorestart}
startsecs = 1
startretries = 1000
stopsignal = {stop_signal}
stopwaitsecs = 8
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramStatus:
    """What supervisord says of one program."""

    name: str
    state: str
    """RUNNING, STARTING, STOPPED, BACKOFF, FATAL, EXITED, …"""
    pid: int
    """0 while it does not run."""
    started_at: int
    """Unix seconds of the last start, 0 if it never ran."""


def base_environment(layout: Layout) -> dict[str, str]:
    """Return the minimal environment of every program: nothing of the caller's shell leaks into the copy."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": str(layout.dir),
        "TZ": "UTC",
        MARKER: str(layout.dir),
    }


def python_module(layout: Layout, module: str, *arguments: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return command line and environment of one of our own modules, run as a program."""
    source = str(Path(signoff.__file__).parents[1])
    return (sys.executable, "-m", module, str(layout.dir), *arguments), {"PYTHONPATH": source}


def start_supervisor(layout: Layout) -> None:
    """Start supervisord with no program yet; see `add`.

    Raises:
        DemoError: it does not start.
    """
    layout.run.mkdir(parents=True, exist_ok=True)
    layout.logs.mkdir(parents=True, exist_ok=True)
    write_atomically(
        configuration(layout),
        _SUPERVISOR.format(
            socket=_socket(layout),
            logs=layout.logs,
            run=layout.run,
            dir=layout.dir,
            user="user = root\n" if os.geteuid() == 0 else "",  # only says that root is meant
        ),
    )
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration(layout))]
    environment = base_environment(layout)
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    deadline = time.monotonic() + _START_TIMEOUT
    while result.returncode == 0 and time.monotonic() < deadline:
        try:
            with _rpc(layout) as supervisor:
                change(layout, supervisor=processes.identify(supervisor.getPID()))
                return
        except DemoError:
            time.sleep(0.02)
    raise DemoError(f"supervisord did not start: {result.stderr.strip()}; see {layout.logs}/supervisord.log")


def add(layout: Layout, programs: Iterable[Program]) -> None:
    """Start programs that supervisord does not know yet; does not wait until they are ready."""
    chosen = list(programs)
    for program in chosen:
        file = configuration_of(layout, program)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, _section(layout, program))
    with _rpc(layout) as supervisor:
        supervisor.reloadConfig()
        for program in chosen:
            supervisor.addProcessGroup(program.name)
            supervisor.startProcess(program.name, False)  # noqa: FBT003 - XML-RPC has no names


def start(layout: Layout, name: str) -> None:
    """Start a stopped program; nothing happens if it runs."""
    with _rpc(layout) as supervisor, _accepting(_ALREADY_STARTED):
        supervisor.startProcess(name, False)  # noqa: FBT003 - XML-RPC has no names


def stop(layout: Layout, name: str) -> None:
    """Stop a program for good, and wait until it is gone; nothing happens if it does not run."""
    with _rpc(layout) as supervisor, _accepting(_NOT_RUNNING):
        supervisor.stopProcess(name)


def restart(layout: Layout, name: str) -> None:
    """Stop the program if it runs, and start it."""
    stop(layout, name)
    start(layout, name)


def send_signal(layout: Layout, name: str, signal: str) -> None:
    """Send a signal such as `KILL`, `STOP` or `HUP` to a running program; after a `KILL` it is started again."""
    with _rpc(layout) as supervisor:
        supervisor.signalProcess(name, signal)


def status(layout: Layout) -> list[ProgramStatus]:
    """Return what supervisord says of every program, by name.

    Raises:
        DemoError: supervisord does not run.
    """
    with _rpc(layout) as supervisor:
        found: list[dict[str, Any]] = supervisor.getAllProcessInfo()
    return [
        ProgramStatus(name=one["name"], state=one["statename"], pid=one["pid"], started_at=one["start"])
        for one in found
    ]


def shutdown(layout: Layout) -> None:
    """Ask every program to stop, all at once, then supervisord; returns when it is gone or after 8 seconds.

    Raises:
        DemoError: it does not answer within 5 seconds.
    """
    supervisor_process = load(layout).supervisor
    with _rpc(layout, seconds=5) as supervisor:
        for program in supervisor.getAllProcessInfo():
            with _accepting(_NOT_RUNNING):
                supervisor.stopProcess(program["name"], False)  # noqa: FBT003 - XML-RPC has no names
        supervisor.shutdown()
    deadline = time.monotonic() + 8
    while processes.is_running(supervisor_process) and time.monotonic() < deadline:
        time.sleep(0.03)


def log_file(layout: Layout, name: str, host: str) -> Path:
    """Return what a program prints to: on its host, or among the platform's own logs if it has none."""
    directory = layout.host(host) / "var" / "log" if host else layout.logs
    return directory / f"{name}.log"


def log_tail(layout: Layout, program: Program, lines: int = 12) -> str:
    """Return the last lines that a program printed."""
    try:
        text = log_file(layout, program.name, program.host).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def configuration(layout: Layout) -> Path:
    """Return supervisord's main configuration, for `supervisorctl -c`."""
    return layout.run / "supervisord.conf"


def configuration_of(layout: Layout, program: Program) -> Path:
    """Return the program's own section: on its host, where it can be examined, or among the platform's."""
    home = layout.host(program.host) / "etc" / "supervisor" if program.host else layout.run / "programs"
    return home / f"{program.name}.conf"


def _rpc(layout: Layout, *, seconds: float = 30) -> AbstractContextManager[Any]:
    """Return supervisord's own XML-RPC interface; `DemoError` if it does not answer."""
    return supervisor_rpc.connect(_socket(layout), f"the supervisor of {layout.dir}", seconds=seconds)


@contextmanager
def _accepting(code: int) -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        if fault.faultCode != code:
            raise DemoError(fault.faultString) from fault


def _section(layout: Layout, program: Program) -> str:
    home = layout.host(program.host) if program.host else layout.dir
    log_file(layout, program.name, program.host).parent.mkdir(parents=True, exist_ok=True)
    return _PROGRAM.format(
        name=program.name,
        command=_escape(shlex.join(program.argv)),
        directory=_escape(str(program.cwd)),
        environment=_escape(_environment({"HOME": str(home), **program.env})),
        autorestart="true" if program.autorestart else "false",
        stop_signal=program.stop_signal,
        log=_escape(str(log_file(layout, program.name, program.host))),
    )


def _environment(values: Mapping[str, str]) -> str:
    for name, value in values.items():
        if '"' in value or "\n" in value:
            raise DemoError(f"the value of {name} cannot be written to supervisord's configuration: quote or newline")
    return ",".join(f'{name}="{value}"' for name, value in values.items())


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _socket(layout: Layout) -> Path:
    return layout.runtime_dir / "supervisor.sock"
