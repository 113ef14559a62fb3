"""Root, for the commands that the inventory lists and no others: decided here before anything is sent."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import GuardError, NotVerifiedError
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.ahead.shell_text import simple_commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.transport.channel import Completed

_WAYS_UP = frozenset({"sudo", "su", "doas", "pkexec", "run0", "runuser", "sudoedit", "dzdo", "pbrun", "machinectl"})
_MENTION = re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(_WAYS_UP))})(?![\w.-])")
_LEADING = re.compile(r"((?:\A|\s)(?:\S*/)?sudo)\s+-n\b")
_REFUSALS = re.compile(
    r"^sudo: .*(?:password|terminal|tty|not allowed|no new privileges|must be owned|setuid)"
    r"|^(?:sorry, )?user .* (?:is not allowed|may not run)|is not in the sudoers file",
    re.IGNORECASE | re.MULTILINE,
)
_ASKS = re.compile(r"^sudo: (?:a password is required|interactive authentication is required)", re.MULTILINE)
_WRONG = re.compile(r"^sudo: (?:.*incorrect password|no password was provided)|^Sorry, try again", re.MULTILINE)
_NOT_FOUND = 127
_MISSING = re.compile(r"^sudo: .*(?:command not found|unable to execute)", re.MULTILINE)


def mentions_a_way_up(text: str) -> bool:
    """Whether the text may run something as another account; most texts are answered by this alone."""
    return _MENTION.search(text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Elevation:
    """What one host's inventory allows."""

    name: str
    listed: Sequence[str] = ()
    """What may follow `sudo -n`: whole commands, or beginnings that end in ` *`."""
    method: str = "sudo"
    """Ansible's `ansible_become_method`."""
    password: str = ""

    def check(self, text: str) -> bool:
        """Return whether the text needs sudo at all; an accepted one may be sent as it is.

        Raises:
            GuardError: it runs something as another account, and not as `sudo -n` of a listed command.
            NotVerifiedError: the inventory names a method that is not sudo.
        """
        commands = simple_commands(text)
        if commands is None:
            raise GuardError(self._refusal(text, "the text around it is not understood; run the one command by itself"))
        elevated = [words for words in commands if _base(words[0]) in _WAYS_UP]
        for words in commands:
            if words not in elevated and any(map(_MENTION.search, words)) and nature(shlex.join(words)) is not _READS:
                raise GuardError(self._refusal(text, f"{words[0]} may run it"))
        for words in elevated:
            self._check(text, words)
        if elevated and not _stands_alone(text, commands):
            # In a pipe, or without its standard error, a refusal by sudo would look like an answer.
            raise GuardError(self._refusal(text, "run it by itself, without pipes or redirections"))
        if elevated and self.method != "sudo":
            raise NotVerifiedError(
                f"{self.name}: ansible_become_method {self.method!r} is not supported; list the commands in sudoers"
            )
        return bool(elevated)

    def raised(self, command: str, user: str | None) -> str:
        """Return the command as `host.sudo()` runs it: by itself, not by a root shell.

        Raises:
            GuardError: the command is not a single simple one.
        """
        commands = simple_commands(command)
        if commands is None or len(commands) != 1:
            raise GuardError(self._refusal(command, "host.sudo() runs single commands of the list only"))
        return f"sudo -n {f'-u {shlex.quote(user)} ' if user else ''}{command}"

    def with_password(self, text: str) -> str | None:
        """Return the accepted text so that sudo reads the password from standard input; None: there is none to give."""
        return _LEADING.sub(r"\1 -k -S -p ''", text, count=1) if self.password else None

    def asks_for_password(self, completed: Completed) -> bool:
        """Whether sudo ran nothing because it wants a password."""
        return completed.status == 1 and _ASKS.search(_said(completed)) is not None

    def refuses_password(self, completed: Completed) -> bool:
        """Whether the password was a wrong one."""
        return completed.status == 1 and _WRONG.search(_said(completed)) is not None

    def verify(self, text: str, completed: Completed) -> None:
        """Tell the command's own answer from sudo's.

        Raises:
            NotVerifiedError: sudo itself refused, or the tool is not there; says what to grant or install.
        """
        said = _said(completed)
        first = said.strip().splitlines()[:1]
        if completed.status == _NOT_FOUND or (completed.status == 1 and _MISSING.search(said)):
            raise NotVerifiedError(f"{self.name}: `{text[:120]}`: {' '.join(first)[:200]}; install it")
        if completed.status == 1 and _REFUSALS.search(said):
            raise NotVerifiedError(
                f"{self.name}: `{text[:120]}`: {' '.join(first)[:200]}; grant it in sudoers:"
                f" ACCOUNT ALL=(root) NOPASSWD: {self._granted(text)}, or set ansible_become_password"
            )

    def _check(self, text: str, words: Sequence[str]) -> None:
        if _base(words[0]) != "sudo" or list(words[1:2]) != ["-n"]:
            raise GuardError(self._refusal(text, "write it as `sudo -n COMMAND`"))
        if not any(_matches(shlex.split(entry), words[2:]) for entry in self.listed):
            raise GuardError(
                self._refusal(
                    text, f"not listed for this host; list it as signoff: {{sudo: [{shlex.join(words[2:])}]}}"
                )
            )

    def _refusal(self, text: str, why: str) -> str:
        return f"{self.name}: root is for listed commands only: `{text[:120]}`: {why}"

    @staticmethod
    def _granted(text: str) -> str:
        commands = [words for words in simple_commands(text) or () if _base(words[0]) == "sudo"]
        return shlex.join(commands[0][2:]) if commands else text


_READS = Nature.STEADY


def _base(program: str) -> str:
    return program.rpartition("/")[2]


def _matches(entry: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words are the entry, or begin with it if it ends in a `*` of its own."""
    if entry[-1:] == ["*"]:
        entry, words = entry[:-1], words[: len(entry) - 1]
    program = 2 if entry[:1] == ["-u"] else 0
    return (
        len(entry) == len(words) > program
        and all(
            wanted == word for place, (wanted, word) in enumerate(zip(entry, words, strict=True)) if place != program
        )
        and words[program] in {entry[program], _base(entry[program])}
    )


def _stands_alone(text: str, commands: Sequence[Sequence[str]]) -> bool:
    return len(commands) == 1 and shlex.split(text)[-len(commands[0]) :] == list(commands[0])


def _said(completed: Completed) -> str:
    return completed.stderr.decode(errors="replace")
