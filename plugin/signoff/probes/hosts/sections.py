"""Several questions to a host in one command, each with the status that it ended with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(r"^@@(\w+)\n(.*?)^@@end (\d+)\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The answer to one question: what was said on both outputs, and the exit status."""

    text: str
    status: int

    @property
    def last_line(self) -> str:
        """The last line that says something, for messages."""
        return next((line.strip() for line in reversed(self.text.splitlines()) if line.strip()), "no output")[:200]


def script(questions: Mapping[str, str]) -> str:
    """Return one command that puts every question; a name consists of letters."""
    asked = (f"echo '@@{name}'; ( {command} ); printf '\\n@@end %s\\n' $?" for name, command in questions.items())
    return f"{{ {'; '.join(asked)}; }} 2>&1"


def parse(text: str) -> dict[str, Section]:
    """Return the answers by name; one that was cut off is missing."""
    return {found[1]: Section(text=found[2].removesuffix("\n"), status=int(found[3])) for found in _MARK.finditer(text)}
