"""Made-up hosts whose files may be read and changed, and a channel that notes what it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, SignoffError, TimedOutError, UnreachableError
from signoff.transport.channel import Command, Completed, new_future

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

HOSTS = ("a", "b", "c")
FILES = ("one", "two")


class World:
    """What all hosts hold; commands may read it, and change it, also from one host to another."""

    def __init__(self) -> None:
        self.files = {(host, name): f"{host}:{name}" for host in HOSTS for name in FILES}
        self.lost: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.batches: list[tuple[str, tuple[str, ...]]] = []

    def answer(self, host: str, text: str) -> Completed:
        """Run one command."""
        if host in self.lost:
            raise UnreachableError(f"{host}: gone")
        program, *words = text.split()
        if program == "cat":
            return self._read(host, words[-1])
        if program == "write":
            self.files[words[0], words[1]] = words[2]
        elif program == "remove":
            self.files.pop((words[0], words[1]), None)
        return Completed(status=0, stdout=b"", stderr=b"")

    def _read(self, host: str, name: str) -> Completed:
        if name == "slow":
            raise TimedOutError(f"{host}: not done")
        if name == "cut":
            raise TimedOutError(f"{host}: cut off")
        if name == "binary":
            return Completed(status=0, stdout=b"\xff\xfe", stderr=b"")
        content = self.files.get((host, name))
        if content is None:
            return Completed(status=1, stdout=b"", stderr=b"No such file")
        return Completed(status=0, stdout=content.encode(), stderr=b"")


class Channel:
    """A host's channel that runs everything the moment it is sent; answers of batches may arrive later."""

    def __init__(self, world: World, host: str, *, late: bool = False) -> None:
        self._world, self._host, self._late = world, host, late
        self._held: list[tuple[Future[Completed], Completed | SignoffError]] = []

    def open(self) -> Future[None]:
        future: Future[None] = new_future()
        future.set_result(None)
        return future

    def submit(self, command: Command) -> Future[Completed]:
        self.release()
        self._world.asked.append((self._host, command.text))
        return self._ask(command.text)

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        del limit
        self._world.batches.append((self._host, tuple(texts)))
        if not self._late:
            return [self._ask(text, batch=True) for text in texts]
        futures: list[Future[Completed]] = [new_future() for _ in texts]
        self._held += [(future, self._now(text, batch=True)) for future, text in zip(futures, texts, strict=True)]
        return futures

    def release(self) -> None:
        """Let late answers arrive."""
        held, self._held = self._held, []
        for future, answer in held:
            _settle(future, answer)

    def close(self) -> None:
        """Nothing is open."""

    def _now(self, text: str, *, batch: bool = False) -> Completed | SignoffError:
        try:
            return self._world.answer(self._host, text)
        except TimedOutError as error:
            cut = Completed(status=124, stdout=b"", stderr=b"")
            return error if not batch else cut if text.endswith("cut") else NotVerifiedError("unclear")
        except SignoffError as error:
            return error

    def _ask(self, text: str, *, batch: bool = False) -> Future[Completed]:
        future: Future[Completed] = new_future()
        _settle(future, self._now(text, batch=batch))
        return future


def _settle(future: Future[Completed], answer: Completed | SignoffError) -> None:
    if isinstance(answer, Completed):
        future.set_result(answer)
    else:
        future.set_exception(answer)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(channel: object, text: str) -> object:
    """Return the answer, or the error, as a test would see it."""
    future = channel.submit(Command(text=text))  # type: ignore[attr-defined]
    try:
        return future.result(timeout=5)
    except SignoffError as error:
        return type(error).__name__, str(error)
