"""Prints a page to PDF with a browser that is there already: an extra, which nothing else depends on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.errors import PaperError
from signoff.probes.browser.programs import CHROMIUM, CHROMIUM_VARIABLE
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

BROWSER_VARIABLE = CHROMIUM_VARIABLE
TIMEOUT = 60.0
"""Seconds after which a browser is stopped that does not come to an end."""
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is too small, and the browser dies of that
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing of the page is loaded from anywhere
    "--proxy-server=http://127.0.0.1:9",
)
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")
"""All of the environment that the browser sees: a secret of ours is none of its business."""
_SAID_LIMIT = 400


def find_browser() -> str:
    """Return the program that prints: what the environment names, else the first that is installed.

    Raises:
        PaperError: there is none.
    """
    named = os.environ.get(BROWSER_VARIABLE, "")
    for name in (named,) if named else CHROMIUM:
        if found := shutil.which(name):
            return found
    missing = f"{BROWSER_VARIABLE} names {named!r}, which is no program here" if named else "no browser found"
    hint = "install Chromium, Chrome or Edge (Debian, Ubuntu: apt-get install chromium)"
    raise PaperError(f"{missing}; a PDF needs one: {hint}, or name one in {BROWSER_VARIABLE}")


def sandbox_note() -> str:
    """Return what must be said of how the browser will run here; empty if nothing."""
    if not _is_root():
        return ""
    return (
        "printing without the browser's sandbox: browsers refuse theirs to root. The page is this program's own, and "
        "forbids itself to load anything or to run anything foreign; to keep the sandbox, run this as another user"
    )


def print_pdf(page: Path, to: Path, browser: str, timeout: float = TIMEOUT) -> None:
    """Print the page to the file, whole or not at all. No two printings are the same bytes: they note the time.

    Raises:
        PaperError: the browser failed, printed nothing, or did not come to an end.
    """
    with tempfile.TemporaryDirectory(prefix="signoff-pdf-", ignore_cleanup_errors=True) as scratch:
        paper = Path(scratch) / "page.pdf"
        command = [browser, *_OPTIONS, *(("--no-sandbox",) if _is_root() else ())]
        command += [f"--user-data-dir={scratch}/profile", f"--print-to-pdf={paper}", page.resolve().as_uri()]
        said = _run(command, scratch, timeout)
        content = paper.read_bytes() if paper.is_file() else b""
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise PaperError(f"{browser} printed no PDF{_why(said)}")
    write_atomic(to, content)


def _run(command: Sequence[str], home: str, timeout: float) -> str:
    """Run the browser and everything that it starts, and return what it said; nothing of it outlives the call."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    fonts = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    environment |= dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"), home)
    environment["XDG_DATA_HOME"] = fonts
    said = Path(home) / "said"  # a file: a pipe would stay open as long as anything that the browser started
    with said.open("wb") as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - a browser of this machine, our own options
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
                cwd=home,
                start_new_session=True,
            )
        except OSError as error:
            raise PaperError(f"{command[0]} cannot be started: {error.strerror}") from None
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise PaperError(f"{command[0]} was stopped: no PDF within {timeout:g} s") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    text = said.read_text(encoding="utf-8", errors="replace")
    if status != 0:
        raise PaperError(f"{command[0]} ended with status {status}{_why(text)}")
    return text


def _why(said: str) -> str:
    """Return the end of what the browser said, and what helps if its sandbox is the reason."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    shown = f": {' | '.join(lines)[-_SAID_LIMIT:]}" if lines else ""
    if "sandbox" in said.lower():
        shown += " (its sandbox needs user namespaces; allow them on this machine, or print elsewhere)"
    return shown


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
