"""A thousand hosts on one machine: twelve checks each through the whole product, and what that takes.

The hosts are a thousand names in the inventory, each with a loopback address of its own, behind one sshd: a connection,
a session and a shell each, as with real ones, but one kernel and two cores for both sides. `--hosts` and `--args` (more
options for pytest, such as `-n 2`) change the load.
"""

from __future__ import annotations

import argparse
import re
import resource
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import measure
import runs
import sandbox
import suite
import tables
import tools
from contenders import SCRATCH, environ
from farm import client_config, server_config, write_keys

_CHECKS = [
    "system_is_linux",
    "passwd_is_a_file",
    "passwd_is_readable_by_all",
    "passwd_belongs_to_root",
    "shadow_is_not_readable_by_all",
    "ssh_folder_exists",
    "hosts_file_names_localhost",
    "ssh_listens",
    "ssh_server_is_installed",
    "root_is_user_zero",
    "kernel_is_linux",
    "no_reboot_is_due",
]
"""Those of the thirty that hold on any machine."""
_EVERY = 1.0
"""Seconds between two looks at the processes."""
_PAGE = resource.getpagesize()
_MIB = 1 << 20


@dataclass
class Peaks:
    """The most that was seen of each."""

    processes: int = 0
    client_rss: int = 0
    main_rss: int = 0
    main_files: int = 0
    connections: int = 0
    machine: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look until told to stop."""
        free = _available()
        while not self.stop.wait(_EVERY):
            commands = _commands()
            ssh = [pid for pid, line in commands.items() if line.startswith("ssh\0")]
            main = [pid for pid, line in commands.items() if "\0-m\0pytest\0" in line]
            self.processes = max(self.processes, len(ssh) + len(main))
            self.connections = max(self.connections, len(ssh))
            self.client_rss = max(self.client_rss, sum(map(_rss, [*ssh, *main])))
            self.main_rss = max(self.main_rss, *map(_rss, main), 0)
            self.main_files = max(self.main_files, *map(_files, main), 0)
            self.machine = max(self.machine, free - _available())


def _commands() -> dict[int, str]:
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            found[int(path.name)] = (path / "cmdline").read_text()
        except OSError:
            continue
    return found


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _files(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _available() -> int:
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    return int(line.split()[1]) * 1024


def _serve(folder: Path, names: dict[str, str]) -> subprocess.Popen[bytes]:
    write_keys(folder, names)
    (folder / "sshd_config").write_text(server_config(folder).replace("MaxStartups 200", "MaxStartups 2000"))
    (folder / "ssh_config").write_text(client_config(folder, names))
    return subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", str(folder / "sshd_config")])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--again", action="store_true", help="a second run, with what the first one learned")
    parser.add_argument("--args", default="", help="more options for pytest")
    parser.add_argument("--limit", type=float, default=900, help="seconds for one run")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    arguments = parser.parse_args()
    pythons = tools.install()
    sandbox.enter()
    runs.clear()
    names = {f"h{n:04}": f"127.1.{n // 250}.{1 + n % 250}" for n in range(arguments.hosts)}
    keys = sandbox.FOLDER / "scale"
    keys.mkdir()
    server = _serve(keys, names)
    folder = SCRATCH / "scale"
    folder.mkdir(parents=True)
    suite.write(folder, list(names), keys / "ssh_config", only=_CHECKS)
    line = [str(pythons.ours), "-m", "pytest", "-q", "--tb=no", "--signoff-gate=off", *shlex.split(arguments.args)]
    rows = []
    try:
        for title in ["first run", "second run"][: 1 + arguments.again]:
            peaks = Peaks()
            watcher = threading.Thread(target=peaks.watch)
            watcher.start()
            cost = measure.run(line, folder=folder, environ=environ(folder), limit=arguments.limit)
            peaks.stop.set()
            watcher.join()
            said = re.findall(r"\d+ (?:failed|passed|error)\w*(?=.* in [\d.]+s)", cost.output)
            rows.append(_row(title, cost, peaks, ", ".join(said)))
            print(cost.output[-1500:], file=sys.stderr)
            time.sleep(2)
    finally:
        server.kill()
    head = ["", "results", "wall s", "client CPU s", "pytest MiB", "client MiB", "machine MiB", "connections"]
    head += ["client processes", "open files of pytest"]
    text = (
        f"{tables.machine()}; {arguments.hosts} hosts × {len(_CHECKS)} checks; "
        f"at most {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} open files a process\n\n{tables.table(head, rows)}"
    )
    print(text)
    if arguments.write:
        tables.write_readme("scale", text)


def _row(title: str, cost: measure.Cost, peaks: Peaks, said: str) -> list[str]:
    memory = [f"{value / _MIB:.0f}" for value in (peaks.main_rss, peaks.client_rss, peaks.machine)]
    counts = [str(value) for value in (peaks.connections, peaks.processes, peaks.main_files)]
    return [title, said, f"{cost.wall:.0f}", f"{cost.cpu:.0f}", *memory, *counts]


if __name__ == "__main__":
    main()
