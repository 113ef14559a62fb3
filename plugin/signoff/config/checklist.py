"""Load the checklist: all items, their checks and their targets."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from signoff.config.canonical import digest
from signoff.config.fields import Duration
from signoff.config.kinds import KINDS
from signoff.config.kinds.base import Strict
from signoff.config.validation import validate
from signoff.config.yamlfile import did_you_mean, raise_problems, read_yaml
from signoff.model import Area, Check, Checklist, Item, Method, Section, Selector, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from signoff.config.yamlfile import Document, Path_

_ID = re.compile(r"[A-Z]{2,8}-[A-Z]{2,8}-[0-9]{1,3}\Z")
_CHECK_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_RESERVED = frozenset(
    {
        "checklist",
        "owner",
        "stage",
        "skip",
        "skipif",
        "xfail",
        "parametrize",
        "usefixtures",
        "filterwarnings",
        "timeout",
    }
)
"""Markers that mean something else already."""
Weakness = Annotated[int, Field(ge=1, le=9999)]
"""The number of a CWE."""
_SELECTOR = re.compile(r"(?P<scope>hosts|services|-)(?::(?P<name>[A-Za-z0-9_.-]+(?:,[A-Za-z0-9_.-]+)*))?\Z")


def _selector(value: str) -> str:
    match = _SELECTOR.match(value)
    if match is None or (match["scope"] == "services") != (match["name"] is not None and match["scope"] != "hosts"):
        raise ValueError('not a target selector; write hosts, hosts:GROUP, services:KIND or "-"')
    return value


def _check_name(value: str) -> str:
    if not _CHECK_NAME.match(value) or value.startswith("test_"):
        raise ValueError("not a check name; write the test function's name without test_")
    return value


class TextFile(Strict):
    """One sentence in both languages."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        """Return the model's text."""
        return Text(ko=self.ko, en=self.en)


class AreaFile(Strict):
    """One area of the plan with its sections; every key is a pytest marker."""

    title: TextFile
    sections: dict[str, TextFile] = Field(min_length=1)


_SECONDS = 120
"""What no check takes, unless it says so: ten times what the slowest of those takes that do not."""


class AtMostFile(Strict):
    """What one check may ask of one target, at most: kept while it runs, shown by the plan."""

    commands: int = Field(default=0, ge=0, description="Commands on hosts.")
    requests: int = Field(default=0, ge=0, description="HTTP requests, and calls of clouds' interfaces.")
    statements: int = Field(default=0, ge=0, description="SQL statements.")
    cache_commands: int = Field(default=0, ge=0, description="Commands to a Redis-compatible server.")
    lookups: int = Field(default=0, ge=0, description="DNS queries, repeated ones included.")
    connections: int = Field(default=0, ge=0, description="Connections opened only to see what answers.")
    pages: int = Field(default=0, ge=0, description="Pages opened in a browser, with all that they load.")
    programs: int = Field(default=0, ge=0, description="Runs of a cloud's own program, or of schemathesis.")
    seconds: int = Field(default=_SECONDS, ge=1, description="What takes longer is ended, and is no verdict.")

    @model_validator(mode="after")
    def _says_something(self) -> AtMostFile:
        if not self.model_fields_set:
            raise ValueError("empty; name what the check may ask, such as {requests: 3}, or leave at_most out")
        return self

    def promise(self) -> dict[str, int]:
        """Return what is allowed by kind, without zeros, and `seconds`."""
        return {**self.model_dump(exclude_defaults=True), "seconds": self.seconds}


class CheckFile(Strict):
    """One question: the test that answers it and what it is asked of."""

    name: Annotated[str, AfterValidator(_check_name)] = Field(description="Test function's name without test_.")
    targets: Annotated[str, AfterValidator(_selector)] = Field(description='hosts, hosts:GROUP, services:KIND or "-".')
    touches: str = Field(default="", description="What the check asks of each target, in words.")
    at_most: AtMostFile | None = Field(
        default=None, description="The most that it may ask of one target; what is not named it may not ask at all."
    )
    cwe: tuple[Weakness, ...] = Field(
        default=(), description="Weaknesses that this check looks for; default: the item's."
    )


class ItemFile(Strict):
    """One line of the checklist."""

    title: TextFile
    section: str
    owner: str
    stage: int
    severity: Severity
    blocking: bool = True
    method: Method
    max_age: Duration
    remediation: TextFile
    derives: str = Field(default="", description="For derived items, and for some hybrid ones: the rule.")
    cwe: tuple[Weakness, ...] = Field(
        default=(), description="Weaknesses (CWE) that a failure of the item would be; for the OWASP Top 10."
    )
    flaky: Literal["deny", "allow"] = "deny"
    checks: tuple[CheckFile, ...] = ()

    @model_validator(mode="after")
    def _method_fits(self) -> ItemFile:
        if self.method is Method.DERIVED and not self.derives:
            raise ValueError("derives and method do not fit; a derived item names its rule")
        if self.derives and self.method not in {Method.DERIVED, Method.HYBRID}:
            raise ValueError("derives and method do not fit; only derived and hybrid items have a rule")
        if self.checks and self.method in {Method.EXAMINE, Method.INTERVIEW, Method.DERIVED}:
            raise ValueError(f"a {self.method} item has no checks; write method: test or hybrid, or remove the checks")
        return self


class ChecklistFile(Strict):
    """The checklist file."""

    schema_version: Literal[1]
    areas: dict[str, AreaFile] = Field(min_length=1)
    owners: dict[str, TextFile] = Field(min_length=1)
    stages: dict[int, TextFile] = Field(min_length=1)
    items: dict[str, ItemFile] = Field(min_length=1)


def load_checklist(path: Path) -> Checklist:
    """Return the checklist in the file.

    Raises:
        ConfigError: all mistakes of the file at once.
    """
    document = read_yaml(path)
    raise_problems([document])
    parsed = validate(document, document.data, ChecklistFile)
    if parsed is not None:
        _cross_check(document, parsed)
    raise_problems([document])
    assert parsed is not None
    area_of = {section: area for area, entry in parsed.areas.items() for section in entry.sections}
    return Checklist(
        areas=tuple(
            Area(
                key=key,
                title=entry.title.text(),
                sections=tuple(Section(key=name, title=title.text()) for name, title in entry.sections.items()),
            )
            for key, entry in parsed.areas.items()
        ),
        owners={key: title.text() for key, title in parsed.owners.items()},
        stages={key: title.text() for key, title in parsed.stages.items()},
        items=tuple(_item(item_id, entry, area_of[entry.section]) for item_id, entry in parsed.items.items()),
        sha256=digest(document.data),
    )


def _item(item_id: str, entry: ItemFile, area: str) -> Item:
    return Item(
        id=item_id,
        area=area,
        section=entry.section,
        owner=entry.owner,
        stage=entry.stage,
        severity=entry.severity,
        blocking=entry.blocking,
        method=entry.method,
        max_age=entry.max_age,
        title=entry.title.text(),
        remediation=entry.remediation.text(),
        derives=entry.derives,
        flaky_allowed=entry.flaky == "allow",
        checks=tuple(
            Check(
                name=check.name,
                item=item_id,
                targets=parse_selector(check.targets),
                touches=check.touches,
                at_most=check.at_most.promise() if check.at_most else None,
                weaknesses=frozenset(check.cwe or entry.cwe),
            )
            for check in entry.checks
        ),
    )


def parse_selector(text: str) -> Selector:
    """Return the selector written as `hosts`, `hosts:GROUP`, `services:KIND` (or `KIND,KIND`) or `-`."""
    scope, _, name = text.partition(":")
    return Selector(scope=scope, name=name)  # type: ignore[arg-type] # the field's validator admits these three only


def _cross_check(document: Document, parsed: ChecklistFile) -> None:
    """Note what no single field can see: references between entries, and names that must be unique."""
    _check_markers(document, parsed)
    sections = {section for entry in parsed.areas.values() for section in entry.sections}
    names: dict[str, str] = {}
    for item_id, item in parsed.items.items():
        here = ("items", item_id)
        if not _ID.match(item_id):
            document.add(here, "not an item id", "write AREA-SECTION-NUMBER in capitals, such as SEC-CFG-4")
        for field, value, known in (
            ("section", item.section, sections),
            ("owner", item.owner, parsed.owners),
            ("stage", item.stage, parsed.stages),
        ):
            if value not in known:
                document.add((*here, field), f"unknown {field} {value!r}", did_you_mean(value, map(str, known)))
        for index, check in enumerate(item.checks):
            _check_check(document, (*here, "checks", index), check, names)
            names[check.name] = item_id


def _check_markers(document: Document, parsed: ChecklistFile) -> None:
    """Note areas and sections that cannot be markers, or that would be one marker twice."""
    sections: set[str] = set()
    for area, entry in parsed.areas.items():
        for here, key in [
            (("areas", area), area),
            *((("areas", area, "sections", key), key) for key in entry.sections),
        ]:
            if not key.isidentifier() or key in _RESERVED or keyword.iskeyword(key):
                hint = "areas and sections are markers: write letters, digits and _, and no marker of pytest"
                document.add(here, f"{key!r} cannot be a marker", hint)
        for section in entry.sections:
            if section in sections or section in parsed.areas:
                hint = "areas and sections are markers: rename one"
                document.add(("areas", area, "sections", section), "is used twice", hint)
            sections.add(section)


def _check_check(document: Document, here: Path_, check: CheckFile, names: Mapping[str, str]) -> None:
    if check.name in names:
        hint = "check names are unique in the checklist"
        document.add((*here, "name"), f"{check.name!r} is also a check of {names[check.name]}", hint)
    scope, _, kinds = check.targets.partition(":")
    for kind in kinds.split(",") if scope == "services" else ():
        if kind not in KINDS:
            document.add((*here, "targets"), f"unknown service kind {kind!r}", did_you_mean(kind, KINDS))
