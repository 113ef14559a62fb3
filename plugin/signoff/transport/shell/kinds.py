"""The programs that are asked about many objects at once, and how the one answer of each is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.transport.channel import Completed
from signoff.transport.shell.kind import FOLDER, OBJECT, Answers, Found, Kind, Lines, is_clean, said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]*")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]*")


class Stat:
    """`stat -c FORM`, GNU's and busybox's: all forms for each object, divided by the word."""

    guard = "-e"
    _form = re.compile(r"(?:%[aAbBfFgGhinNsuUxXyYzZ]|[\w :|,;/=-])+", re.ASCII)

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise `stat -c FORM FILE` and `stat -Lc FORM FILE`."""
        match [word for word in words if word != "--"]:
            case [program, "-c" | "-Lc" as option, form, operand]:
                key = (program, option)
            case [program, "-L", "-c", form, operand]:
                key = (program, "-Lc")
            case _:
                return None
        fits = re.fullmatch(rf"{FOLDER}stat", program) and self._form.fullmatch(form) and words[-1] == operand
        return Found(key, operand, form) if fits and OBJECT.fullmatch(operand) else None

    def words(self, key: tuple[str, ...], forms: Sequence[str], word: str) -> Sequence[str]:
        """Ask for all forms."""
        return [*key, "".join(f"{form}{word}" for form in forms)]

    def read(self, operands: Sequence[str], forms: Sequence[str], word: bytes, answer: Completed) -> Answers:
        """Divide the output at each word; a newline follows the last one of each object."""
        pieces, size = answer.stdout.split(word), len(forms)
        if not is_clean(answer) or len(pieces) != len(operands) * size + 1 or pieces[-1] != b"\n":
            return {}
        if not all(piece.startswith(b"\n") for piece in pieces[size::size]):
            return {}
        values = (piece[1:] if place and place % size == 0 else piece for place, piece in enumerate(pieces))
        return {(name, form): said(next(values) + b"\n") for name in operands for form in forms}


class Packages:
    """`dpkg-query -W -f FORM`: it reads the whole database each time, so asking once is what counts."""

    guard = ""
    _form = re.compile(r"(?:\$\{[A-Za-z:-]+\}|\\[nt]|[\w :|,;/=-])+", re.ASCII)

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise `-f FORM -W PACKAGE` and `-W -f FORM PACKAGE`, with the long options too."""
        match words:
            case [program, "-f", form, "-W", operand] | [program, "-W", "-f", form, operand]:
                pass
            case [program, "-W" | "--show", option, operand] if option.startswith(("-f=", "--showformat=")):
                form = option.partition("=")[2]
            case _:
                return None
        fits = re.fullmatch(rf"{FOLDER}dpkg-query", program) and self._form.fullmatch(form)
        return Found((program,), operand, form) if fits and _PACKAGE.fullmatch(operand) else None

    def words(self, key: tuple[str, ...], forms: Sequence[str], word: str) -> Sequence[str]:
        """Ask for all forms, and for the name before them."""
        return [*key, "-W", "-f", "".join(f"{word}{form}" for form in ["${Package}", *forms]) + f"{word}\\n"]

    def read(self, operands: Sequence[str], forms: Sequence[str], word: bytes, answer: Completed) -> Answers:
        """Take each package from its one record or from its line of standard error: exactly one of them is there."""
        before, *pieces = answer.stdout.split(word)
        size = len(forms) + 2
        records = {
            pieces[place].decode(errors="replace"): pieces[place + 1 :][: size - 1]
            for place in range(0, len(pieces), size)
        }
        whole = not before and len(pieces) == len(records) * size
        if not whole or not records.keys() <= set(operands) or any(each[-1] != b"\n" for each in records.values()):
            return {}
        missing = {name: f"dpkg-query: no packages found matching {name}\n" for name in operands if name not in records}
        if answer.stderr != "".join(missing.values()).encode() or answer.status != int(bool(missing)):
            return {}
        answers = {
            (name, form): said(value)
            for name, values in records.items()
            for form, value in zip(forms, values[:-1], strict=True)
        }
        for name, line in missing.items():
            answers |= {(name, form): Completed(status=1, stdout=b"", stderr=line.encode()) for form in forms}
        return answers


class Presence:
    """`ls -d -- FILE`: each is named on standard output, or on standard error as not there."""

    guard = ""
    _missing = ("ls: cannot access '{}': No such file or directory\n", "ls: {}: No such file or directory\n")
    """GNU's and busybox's words."""

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise the command."""
        match words:
            case [program, "-d", "--", file] if re.fullmatch(rf"{FOLDER}ls", program) and OBJECT.fullmatch(file):
                return Found((program, "-d", "--"), file)
        return None

    def words(self, key: tuple[str, ...], _forms: Sequence[str], _word: str) -> Sequence[str]:
        """Return the command as it was."""
        return key

    def read(self, operands: Sequence[str], _forms: Sequence[str], _word: bytes, answer: Completed) -> Answers:
        """Take each file from the one line that names it."""
        there = sorted(answer.stdout.decode(errors="replace").splitlines(keepends=True))
        missing = sorted(answer.stderr.decode(errors="replace").splitlines(keepends=True))
        absent = [name for name in operands if f"{name}\n" not in there]
        if there != sorted(f"{name}\n" for name in operands if name not in absent):
            return {}
        if not any(missing == sorted(map(words.format, absent)) for words in self._missing):
            return {}
        if bool(answer.status) != bool(absent):
            return {}
        answers = {(name, ""): said(f"{name}\n".encode()) for name in operands if name not in absent}
        for name in absent:
            line = next(line for line in missing if line in {words.format(name) for words in self._missing})
            answers[name, ""] = Completed(status=answer.status, stdout=b"", stderr=line.encode())
        return answers


class Accounts:
    """`id NAME` and its numbers, `id -u NAME` and `id -g NAME`, which its one line holds."""

    guard = ""
    _line = re.compile(rb"uid=(\d+)\([\w.@$+-]+\) gid=(\d+)\([\w.@$+-]+\)(?: .*)?")

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise the commands."""
        match words:
            case [program, "-u" | "-g", name]:
                form = words[1]
            case [program, name]:
                form = ""
            case _:
                return None
        fits = re.fullmatch(rf"{FOLDER}id", program) and OBJECT.fullmatch(name)
        return Found((program,), name, form) if fits else None

    def words(self, key: tuple[str, ...], forms: Sequence[str], _word: str) -> Sequence[str]:
        """Ask for one number, or for the line that holds them all."""
        return [*key, *(forms if forms[0] and len(forms) == 1 else ())]

    def read(self, operands: Sequence[str], forms: Sequence[str], _word: bytes, answer: Completed) -> Answers:
        """Deal the lines out, and take the numbers from them."""
        *lines, rest = answer.stdout.split(b"\n")
        if not is_clean(answer) or rest or len(lines) != len(operands) or not all(lines):
            return {}
        if len(forms) == 1:
            return {(name, forms[0]): said(line + b"\n") for name, line in zip(operands, lines, strict=True)}
        answers: dict[tuple[str, str], Completed] = {}
        for name, line in zip(operands, lines, strict=True):
            if (found := self._line.fullmatch(line)) is None:
                return {}
            values = {"": line, "-u": found[1], "-g": found[2]}
            answers |= {(name, form): said(values[form] + b"\n") for form in forms}
        return answers


class Units:
    """`systemctl show UNIT`: blocks of properties with an empty line between them, each of which names its unit."""

    guard = ""

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise the command without options: one that asks for some properties may leave the name out."""
        match words:
            case [program, "show", unit] if re.fullmatch(rf"{FOLDER}systemctl", program) and _UNIT.fullmatch(unit):
                return Found((program, "show"), unit)
        return None

    def words(self, key: tuple[str, ...], _forms: Sequence[str], _word: str) -> Sequence[str]:
        """Return the command as it was."""
        return key

    def read(self, operands: Sequence[str], _forms: Sequence[str], _word: bytes, answer: Completed) -> Answers:
        """Take as many blocks as units, each with the name of its unit: then no value holds an empty line."""
        blocks = answer.stdout.removesuffix(b"\n").split(b"\n\n")
        if not is_clean(answer) or len(blocks) != len(operands) or not answer.stdout.endswith(b"\n"):
            return {}
        for name, block in zip(operands, blocks, strict=True):
            lines = block.decode(errors="replace").split("\n")
            ids = [line.removeprefix("Id=") for line in lines if line.startswith("Id=")]
            if not all(lines) or ids not in ([name], [f"{name}.service"]):
                return {}
        return {(name, ""): said(block + b"\n") for name, block in zip(operands, blocks, strict=True)}


class System:
    """`uname` with one letter: as many words as letters, in an order of its own."""

    guard = ""
    _order = ("-s", "-n", "-r", "-m")

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise `uname -s` and its like."""
        match words:
            case [program, option] if re.fullmatch(rf"{FOLDER}uname", program) and option in self._order:
                return Found((program,), option)
        return None

    def words(self, key: tuple[str, ...], _forms: Sequence[str], _word: str) -> Sequence[str]:
        """Return the program: the letters are what it is asked about."""
        return key

    def read(self, operands: Sequence[str], _forms: Sequence[str], _word: bytes, answer: Completed) -> Answers:
        """Deal the words out; none is empty, so that with their number right none has a blank in it."""
        values = answer.stdout.removesuffix(b"\n").split(b" ")
        if not is_clean(answer) or len(values) != len(operands) or not all(values) or b"\n" in answer.stdout[:-1]:
            return {}
        return {
            (name, ""): said(value + b"\n")
            for name, value in zip(sorted(operands, key=self._order.index), values, strict=True)
        }


def _exactly(word: bytes) -> Callable[[bytes, bytes], bytes | None]:
    return lambda line, _operand: line if line == word else None


def _entry(line: bytes, _operand: bytes) -> bytes | None:
    return line if line.count(b":") > 1 else None


def _path(line: bytes, _operand: bytes) -> bytes | None:
    return line if line.startswith(b"/") else None


def _digest(line: bytes, operand: bytes) -> bytes | None:
    return line if re.fullmatch(rb"[0-9a-f]{32,128}  " + re.escape(operand), line) else None


def _setting(line: bytes, operand: bytes) -> bytes | None:
    name, equals, value = line.partition(b" = ")
    return value if equals and name == operand else None


KINDS: Sequence[Kind] = (
    Stat(),
    Packages(),
    Presence(),
    Accounts(),
    Lines(pattern="id -(?:G|un|gn|Gn|nu|ng|nG)"),
    Lines(pattern="getent (?:passwd|group)", line=_entry),
    Lines(pattern="realpath|readlink -[fem]", line=_path, guard="-e"),
    Lines(pattern="(?:md5|sha1|sha224|sha256|sha384|sha512)sum", line=_digest, guard="-r"),
    # Without -n each line says which setting it is, so that one of many lines is not taken for another's.
    Lines(pattern="sysctl -n", objects=re.compile(r"[a-z][a-z0-9_.-]*"), line=_setting, without="-n"),
    # The status says whether all of them are well: it is that of each only if they are.
    Lines(pattern="systemctl is-active", objects=_UNIT, line=_exactly(b"active")),
    Lines(pattern="systemctl is-enabled", objects=_UNIT, line=_exactly(b"enabled")),
    Units(),
    System(),
)
"""In the order in which they are tried."""
