"""Whether a process on a host is started again when it ends: facts from systemd or from supervisor's configuration."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from signoff.errors import NotVerifiedError

_AFTER_CRASH = {"always", "on-failure", "on-abnormal"}
_PROPERTIES = (
    *("LoadState", "UnitFileState", "ActiveState", "Restart", "StartLimitBurst", "StartLimitIntervalUSec"),
    *("NRestarts", "ActiveEnterTimestampMonotonic", "WatchdogUSec"),
)
_SUPERVISOR_DEFAULT = "unexpected"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartPolicy:
    """What happens when the process ends."""

    process: str
    manager: str
    is_known: bool
    """The manager knows the process at all."""
    restarts_after_crash: bool
    starts_at_boot: bool
    detail: str
    """The manager's own words."""
    restarts: int = 0
    """How often the manager did start it again, since the host itself started; 0 if it does not say."""
    restarted_ago: timedelta | None = None
    """How long it has been running since the last of those; None: never restarted, or not running now."""


def read(host: Any, process: str, *, manager: str, config: str = "") -> RestartPolicy:
    """Return the policy of one process.

    Args:
        host: testinfra Host.
        process: systemd unit, or program in supervisor's configuration.
        manager: `systemd` or `supervisor`.
        config: supervisor's configuration file on the host.

    Raises:
        NotVerifiedError: the manager does not run here, or its configuration cannot be read.
    """
    if manager == "systemd":
        return _systemd(host, process)
    if manager == "supervisor":
        return _supervisor(host, process, config)
    raise NotVerifiedError(f"{process}: service manager {manager!r} is not known; use systemd or supervisor")


def _systemd(host: Any, unit: str) -> RestartPolicy:
    state = host.run("systemctl is-system-running")
    if state.stdout.strip() not in {"running", "degraded", "starting", "maintenance", "initializing"}:
        said = (state.stdout or state.stderr).strip() or f"exit status {state.rc}"
        raise NotVerifiedError(f"{unit}: systemd does not run here ({said}); name the service manager in hosts.yaml")
    shown = host.run(f"systemctl show --no-pager --property={','.join(_PROPERTIES)} -- %s", unit)
    values = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    if shown.rc != 0 or "Restart" not in values:
        raise NotVerifiedError(f"{unit}: systemctl show answered nothing that can be read; is systemd too old?")
    restart = values["Restart"]
    restarts = _count(values.get("NRestarts", ""))
    watchdog = values.get("WatchdogUSec", "0")
    watched = "" if watchdog in {"", "0", "infinity"} else f", watchdog {watchdog}"
    # Without a limit of starts, systemd's own says 5 in 10 s: a program that cannot start is not tried for ever.
    limit = f"{values.get('StartLimitBurst', '?')} in {values.get('StartLimitIntervalUSec', '?')}"
    return RestartPolicy(
        process=unit,
        manager="systemd",
        is_known=values.get("LoadState") == "loaded",
        restarts_after_crash=restart in _AFTER_CRASH,
        starts_at_boot=values.get("UnitFileState") in {"enabled", "enabled-runtime", "static", "generated"},
        detail=f"Restart={restart}, {values.get('UnitFileState') or 'not enabled'}, starts {limit}{watched}",
        restarts=restarts,
        restarted_ago=_running_for(host, values) if restarts else None,
    )


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _running_for(host: Any, values: dict[str, str]) -> timedelta | None:
    """Return for how long the unit has been active, by the host's own uptime; None if it is not, or does not say."""
    since = _count(values.get("ActiveEnterTimestampMonotonic", ""))
    uptime = host.run("cat /proc/uptime").stdout.partition(".")[0]
    if values.get("ActiveState") != "active" or not since or not _count(uptime):
        return None
    return max(timedelta(seconds=_count(uptime)) - timedelta(microseconds=since), timedelta(0))


def _supervisor(host: Any, program: str, config: str) -> RestartPolicy:
    if not config:
        raise NotVerifiedError(f"{program}: no configuration named; write config: for it in hosts.yaml")
    result = host.run("LC_ALL=C cat -- %s", config)
    if result.rc != 0:
        said = result.stderr.strip() or f"exit status {result.rc}"
        raise NotVerifiedError(f"{program}: {said}; correct config: in hosts.yaml or let the checking account read it")
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=False)
    try:
        parser.read_string(result.stdout)
    except configparser.Error as error:
        raise NotVerifiedError(f"{config}: {error.message.splitlines()[0]}; repair the configuration") from error
    section = f"program:{program}"
    known = parser.has_section(section)
    restart = parser.get(section, "autorestart", fallback=_SUPERVISOR_DEFAULT).lower() if known else "no program"
    start = parser.get(section, "autostart", fallback="true").lower() if known else "no program"
    return RestartPolicy(
        process=program,
        manager="supervisor",
        is_known=known,
        restarts_after_crash=restart in {"true", "unexpected", "1", "yes", "on"},
        starts_at_boot=start in {"true", "1", "yes", "on"},
        detail=f"autorestart={restart}, autostart={start}",
    )
