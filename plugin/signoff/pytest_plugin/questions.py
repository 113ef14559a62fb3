"""What checks asked of hosts in the last run: questions, never answers, so that the next run can ask them early."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signoff.store.atomic import write_atomic
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.ahead.upcoming import Asker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

NAME = "host-questions.json"
_VERSION = 1
_LONGEST, _MOST = 2_000, 100
"""Characters of a command, and commands of one test to one host, that are kept."""


@dataclass(slots=True)
class Remembered:
    """What is known of the checks, as far as their code is the same today."""

    asks: dict[Asker, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """What a test asks of which host."""
    changing: set[str] = field(default_factory=set)
    """Checks that run commands which are not known to read only."""
    problem: str = ""
    """Why there is nothing although there is a file; empty: none."""


class QuestionFile:
    """The file of one environment.

    Args:
        path: Where it is kept.
        codes: Digest of the code of each check, as it is now.
        has_secret: Whether a text contains a secret of the environment: such a command is never kept.
    """

    def __init__(self, path: Path, codes: Mapping[str, str], has_secret: Callable[[str], bool]) -> None:
        self._path = path
        self._codes = codes
        self._has_secret = has_secret

    def read(self) -> Remembered:
        """Return what is known; a file that cannot be read is worth nothing, and says so in `problem`."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            if document["schema_version"] != _VERSION:
                return Remembered(problem=f"{self._path}: version {document['schema_version']} is not known; ignored")
            return self._decode(document)
        except FileNotFoundError:
            return Remembered()
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            return Remembered(problem=f"{self._path}: cannot be read, and is ignored ({type(error).__name__})")

    def write(self, asked: Mapping[Asker, Mapping[str, tuple[str, ...]]], changing: set[str]) -> None:
        """Keep what a run asked, beside what is known of tests that it did not run."""
        known = self.read()
        seen = {asker.check for asker in asked}
        merged = known.asks | {asker: self._kept(questions) for asker, questions in asked.items()}
        changing = (known.changing - seen) | changing
        texts: dict[str, int] = {}
        checks: dict[str, Any] = {}
        for check in sorted({asker.check for asker in merged} | changing):
            if check in self._codes:
                checks[check] = {"code": self._codes[check], "changes": check in changing, "asks": []}
        for asker, questions in sorted(merged.items()):
            for host, commands in sorted(questions.items()):
                if commands and asker.check in checks and asker.check not in changing:
                    numbers = [texts.setdefault(text, len(texts)) for text in commands]
                    checks[asker.check]["asks"].append([asker.target, host, numbers])
        document = {"schema_version": _VERSION, "commands": list(texts), "checks": checks}
        content = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
        if not self._path.exists() or self._path.read_text(encoding="utf-8", errors="replace") != content:
            write_atomic(self._path, content, mode=0o600)

    def _decode(self, document: dict[str, Any]) -> Remembered:
        texts = [str(text) for text in document["commands"]]
        found = Remembered()
        for check, entry in document["checks"].items():
            if self._codes.get(check) != entry["code"]:
                continue
            if entry["changes"]:
                found.changing.add(check)
            for target, host, numbers in entry["asks"]:
                questions = found.asks.setdefault(Asker(check, str(target)), {})
                questions[str(host)] = tuple(texts[number] for number in numbers)
        return found

    def _kept(self, questions: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {
            host: tuple(text for text in commands if self._may_be_kept(text))[:_MOST]
            for host, commands in questions.items()
        }

    def _may_be_kept(self, text: str) -> bool:
        return len(text) <= _LONGEST and nature(text) >= Nature.APART and not self._has_secret(text)
