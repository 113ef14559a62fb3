"""Every error that the product raises on purpose.

Two families that must never be mixed up: errors of *our* input and records (`ConfigError`, `RecordError`,
`IntegrityError`, `ApprovalError`), and reasons why a *check could not be made* (`CouldNotCheckError` becomes the
outcome `error`; `NotVerifiedError` becomes `skip`, that is: no evidence). Neither of the latter is a verdict on
the system under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class SignoffError(Exception):
    """Base of all errors raised on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Problem:
    """One mistake in an input file, with the place and what to write instead. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: path: message (hint)`, the form that editors and CI make clickable."""
        where = f"{self.file}:{self.line}:{self.column}: "
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{path}{self.message}{hint}"


class ConfigError(SignoffError):
    """The checklist, inventory or policy has mistakes; carries all of them at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RecordError(SignoffError):
    """A waiver, attestation or approval record cannot be accepted."""


class ApprovalError(SignoffError):
    """An approval was refused; the message says which rule and what to do."""


class IntegrityError(SignoffError):
    """Stored evidence was edited, cut or cannot be read: the verdict is INVALID."""


class StoreError(SignoffError):
    """The store of evidence cannot be read or written now; nothing is said about what it holds."""


class PublishError(SignoffError):
    """Something could not be published. The decision stands as it is: nothing about it has changed."""


class ExportError(SignoffError):
    """The decision cannot be told in this format without saying something that is not so."""


class PaperError(SignoffError):
    """A page could not be printed. What is on the page, and the page itself, stand as they are."""


class GuardError(SignoffError):
    """A probe was asked to do something that could change production: a bug in the check, never a finding."""


class CouldNotCheckError(SignoffError):
    """The question could not be put to the target: outcome `error`, never `fail`, never `pass`."""


class UnreachableError(CouldNotCheckError):
    """No connection to the target, or the connection was lost."""


class AuthenticationError(CouldNotCheckError):
    """The target refused our identity, or we refused the target's (host key, certificate of a control plane)."""


class TimedOutError(CouldNotCheckError):
    """The target accepted the question and did not answer in time."""


class DamagedReportError(CouldNotCheckError):
    """A report of another tool cannot be read as what it claims to be: cut short, hostile, or of another form.

    The message names the file and the place in it.
    """


class NotVerifiedError(SignoffError):
    """Reached, but nothing can be concluded: tool or permission missing, zero objects, data too old.

    The message says why and names the next step ("install …", "grant …", "import a report younger than 7 days").
    """
