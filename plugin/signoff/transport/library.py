"""Backends of testinfra that are libraries (Ansible, Salt, WinRM): each question in a process that can be ended.

The command runs as testinfra runs it. What we add is an end: at the limit the local process is killed with all that
it started. What the library started on the host is then its own: it may go on.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.transport.channel import Command, Completed
from signoff.transport.process import run_process

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = 30.0
"""Seconds for the library to be imported and to connect."""


class LibraryAsker:
    """One testinfra URL; nothing stays open between questions."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url

    def greet(self) -> None:
        """Run a command that every system knows."""
        self.ask(Command(text="echo", limit=_START, read_only=True), as_script=False)

    def ask(self, command: Command, *, as_script: bool) -> Completed:
        """Run the command."""
        if as_script or command.secret:
            raise NotVerifiedError(f"{self._name}: this connection has no standard input: {command.text[:120]}")
        request = json.dumps({"url": self._url, "command": command.text}).encode()
        argv = [sys.executable, "-m", __name__]
        done = run_process(argv, command.limit + _START, about=self._name, stdin=request)
        answer = self._answer(done)
        completed = Completed(
            status=int(answer["status"]),
            stdout=base64.b64decode(answer["stdout"]),
            stderr=base64.b64decode(answer["stderr"]),
        )
        if max(len(completed.stdout), len(completed.stderr)) > command.max_output:
            raise NotVerifiedError(
                f"{self._name}: {command.text[:120]}: more than {command.max_output} bytes of output; ask for less"
            )
        return completed

    def close(self) -> None:
        """Nothing stays open."""

    def _answer(self, done: Completed) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise UnreachableError(f"{self._name}: no answer: {' '.join(said)[:200]}") from None
        kind, message = answer.get("kind", ""), str(answer.get("message", ""))[:200]
        if not kind:
            return answer
        if kind in {"ImportError", "ModuleNotFoundError"} or "must install" in message:
            raise NotVerifiedError(f"{self._name}: {message} (beside pytest-signoff)")
        if "credential" in kind.lower() or "auth" in kind.lower():
            raise AuthenticationError(f"{self._name}: {kind}: {message}")
        raise UnreachableError(f"{self._name}: {kind}: {message}")


def main() -> None:
    """Answer the one request on standard input by one line on standard output."""
    request = json.load(sys.stdin)
    try:
        import testinfra.backend  # noqa: PLC0415 - its import may be what fails

        result = testinfra.backend.get_backend(request["url"]).run(request["command"])
        answer: dict[str, Any] = {
            "status": result.rc,
            "stdout": base64.b64encode(result.stdout_bytes).decode(),
            "stderr": base64.b64encode(result.stderr_bytes).decode(),
        }
    except Exception as error:  # noqa: BLE001 - whoever asked gets it typed
        answer = {"kind": type(error).__name__, "message": str(error)}
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    main()
