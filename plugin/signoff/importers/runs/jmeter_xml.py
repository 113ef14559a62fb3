"""JMeter's results as XML, read element by element: a file of any size needs the memory of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from signoff.errors import DamagedReportError
from signoff.importers.runs.jmeter import KIND, Samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from signoff.importers.runs.load_note import Note
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.streamed import Stream

_SAMPLES = frozenset({"sample", "httpSample"})
_DEEPEST, _MOST_INSIDE = 20, 10_000
_NAMES = {"elapsed": "t", "label": "lb", "responseCode": "rc", "responseMessage": "rm", "threadName": "tn"}


def read(file: Stream, note: Note) -> LoadTest:
    """Return the load test: transactions by their samples, and redirects and embedded files with their request.

    Raises:
        DamagedReportError: no well-formed XML, a document type in it, or a sample that cannot be read.
        NotVerifiedError: no request in it, or the note speaks of another file.
    """
    samples, number = Samples(), 0
    try:
        for element in _top(file):
            number += 1
            for one in _leaves(element):
                _add(samples, one, f"{KIND}: sample {number}")
    except ParseError as error:
        raise DamagedReportError(f"{KIND}: not well-formed XML: {error}; it may be truncated") from error
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise DamagedReportError(f"{KIND}: refused: {type(error).__name__}; no result needs a DTD") from error
    note.prove(file.name, file.sha256(), required=False)
    return samples.collector.finish(note, "jmeter")


def _top(file: Stream) -> Iterator[Element]:
    """Yield the samples right below the root; each is forgotten before the next."""
    root: Element | None = None
    depth = inside = 0
    for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth += 1
            inside += 1
            if root is None:
                root = element
                if root.tag != "testResults":
                    raise DamagedReportError(f"{KIND}: the root element is <{root.tag[:40]}>, not <testResults>")
            if depth > _DEEPEST or inside > _MOST_INSIDE:
                raise DamagedReportError(f"{KIND}: a sample with more in it than JMeter writes")
            continue
        depth -= 1
        if depth == 1 and root is not None:
            if element.tag not in _SAMPLES:
                raise DamagedReportError(f"{KIND}: <{element.tag[:40]}> is no sample")
            yield element
            root.clear()
            inside = 0


def _leaves(element: Element) -> Iterator[Element]:
    """Yield what counts: the samples of a transaction, otherwise the element itself."""
    children = [child for child in element if child.tag in _SAMPLES]
    if element.get("rm", "").startswith("Number of samples in transaction") and children:
        for child in children:
            yield from _leaves(child)
    else:
        yield element


def _add(samples: Samples, element: Element, where: str) -> None:
    missing = [name for name in ("t", "ts", "s") if element.get(name) is None]
    if missing:
        raise DamagedReportError(f"{where}: no attribute {', '.join(missing)}; have JMeter save it")
    stamp = element.get("ts", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):  # noqa: PLR2004 - exact as a float
        raise DamagedReportError(f"{where}: ts is no number of milliseconds")
    values = {name: element.get(short, "") for name, short in _NAMES.items()}
    values |= {"success": element.get("s", ""), "allThreads": element.get("na", "")}
    samples.add(values, int(stamp) / 1000, where)
