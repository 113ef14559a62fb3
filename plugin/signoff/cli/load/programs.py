"""How Locust and JMeter are told to make the load, and which files they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from pathlib import Path

_FIELDS = ("label", "response_code", "response_message", "thread_name", "successful", "thread_counts", "time")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A program with its arguments, and what it writes."""

    words: tuple[str, ...]
    version: tuple[str, ...]
    files: tuple[str, ...]
    """Names of the files that must be there afterwards, in the folder of the results."""


def order(settings: Any, *, program: str, script: Path, folder: Path) -> Order:
    """Return what to run for an inventory entry with `run`.

    Raises:
        NotVerifiedError: its tool cannot be started from here.
    """
    if settings.tool == "locust":
        return _locust(settings, program, script, folder)
    if settings.tool == "jmeter":
        return _jmeter(settings, program, script, folder)
    raise NotVerifiedError(f"{settings.tool} is not started from here; run it yourself and write the note beside it")


def _locust(settings: Any, program: str, script: Path, folder: Path) -> Order:
    run, seconds = settings.run, int(settings.run.duration.total_seconds())
    words = (
        *(program, "--headless", "--only-summary", "--skip-log-setup", "--exit-code-on-error", "0"),
        *("--locustfile", str(script), "--host", settings.target, "--stop-timeout", "10"),
        *("--users", str(run.users), "--spawn-rate", f"{run.spawn_rate:g}", "--run-time", f"{seconds}s"),
        *("--json-file", str(folder / "locust"), "--csv", str(folder / "locust")),
    )
    files = ("locust.json", "locust_stats_history.csv", "locust_failures.csv")
    return Order(words=words, version=(program, "--version"), files=files)


def _jmeter(settings: Any, program: str, script: Path, folder: Path) -> Order:
    run, seconds = settings.run, int(settings.run.duration.total_seconds())
    saved = tuple(f"-Jjmeter.save.saveservice.{field}=true" for field in _FIELDS)
    words = (
        *(program, "-n", "-t", str(script), "-l", str(folder / "results.jtl"), "-j", str(folder / "jmeter.log")),
        *(f"-Jtarget={settings.target}", f"-Jusers={run.users}", f"-Jduration={seconds}"),
        *("-Jjmeter.save.saveservice.output_format=csv", "-Jjmeter.save.saveservice.print_field_names=true"),
        *("-Jjmeter.save.saveservice.timestamp_format=ms", *saved),
    )
    return Order(words=words, version=(program, "--version"), files=("results.jtl",))
