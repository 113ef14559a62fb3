"""Gatling's simulation.log, the text form that Gatling wrote until 3.11, read line by line.

Records (tab-separated): RUN, USER … START|END, REQUEST, GROUP, ERROR, ASSERTION. Until 3.3 USER and REQUEST carry the
user's number. Since 3.12 the log is binary (https://github.com/gatling/gatling/issues/4596): then `js/stats.json` of
the report is what can be read; see `gatling_stats`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers.runs.load_collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.importers.runs.load_note import Note
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.streamed import Stream

_KIND = "Gatling log"
_BINARY = f"{_KIND}: no text, as Gatling wrote it until 3.11; import js/stats.json of the report"
_FOUND = re.compile(r"found (\d{3})\b")
_TIMED_OUT = re.compile(r"timeout|timed out", re.IGNORECASE)


def read(file: Stream, note: Note) -> LoadTest:
    """Return the load test.

    Raises:
        DamagedReportError: a line that is cut short or no record; the message names it.
        NotVerifiedError: binary, no request in it, or the note does not prove that the file is whole.
    """
    log = _Log()
    for line in _text(file):
        where = f"{_KIND}: line {file.line}"
        if file.line == 1 and not line.startswith(("RUN\t", "ASSERTION\t")):
            raise NotVerifiedError(_BINARY)
        if not line.endswith("\n"):
            raise DamagedReportError(f"{where}: does not end; the log is truncated")
        fields = line.rstrip("\r\n").split("\t")
        log.add(fields, where)
    if not log.began:
        raise DamagedReportError(f"{_KIND}: no RUN record in it; import simulation.log")
    note.prove(file.name, file.sha256(), required=True)
    return log.collector.finish(note, "gatling")


def _text(file: Stream) -> Iterator[str]:
    try:
        yield from file.lines()
    except DamagedReportError as error:
        if file.line == 1:
            raise NotVerifiedError(_BINARY) from error
        raise


class _Log:
    """What the lines so far say."""

    def __init__(self) -> None:
        self.collector = Collector(_KIND)
        self.began = False
        self._users = 0

    def add(self, fields: Sequence[str], where: str) -> None:
        """Take in one record."""
        match fields[0]:
            case "RUN":
                if self.began:
                    raise DamagedReportError(f"{where}: a second RUN; import one run alone")
                self.began = True
            case "USER":
                self._user(fields, where)
            case "REQUEST":
                self._request(fields, where)
            case "GROUP" | "ERROR" | "ASSERTION":
                pass  # sums and words of what the others say
            case other:
                raise DamagedReportError(f"{where}: {other[:20]!r} is no record of Gatling")

    def _user(self, fields: Sequence[str], where: str) -> None:
        # 3.4 and later: USER scenario START at; before: USER scenario number START began ended.
        at = {"START": -2, "END": -1}
        word = next((one for one in fields[2:4] if one in at), "")
        if not word or len(fields) not in {4, 6}:
            raise DamagedReportError(f"{where}: a USER record that cannot be read")
        moment = _milliseconds(fields[3] if len(fields) == 4 else fields[at[word]], where)  # noqa: PLR2004 - see above
        self._users = max(self._users + (1 if word == "START" else -1), 0)
        self.collector.users(moment / 1000, self._users)

    def _request(self, fields: Sequence[str], where: str) -> None:
        # 3.4 and later: REQUEST groups name began ended OK|KO message; before: the user's number first.
        status = next((index for index in (5, 6) if len(fields) > index and fields[index] in {"OK", "KO"}), None)
        if status is None:
            raise DamagedReportError(f"{where}: a REQUEST record without OK or KO; it may be truncated")
        began, ended = (_milliseconds(fields[status - back], where) for back in (2, 1))
        message = " ".join(fields[status + 1 :])
        found = _FOUND.search(message)
        self.collector.users(began / 1000, self._users)
        self.collector.sample(
            began / 1000,
            ended - began,
            ok=fields[status] == "OK",
            status=found[1] if found else "",
            timed_out=bool(_TIMED_OUT.search(message)),
        )


def _milliseconds(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - any 15 digits are an exact float
        raise DamagedReportError(f"{where}: {text[:20]!r} is no time; it may be truncated")
    return int(text)
