"""Which commit this copy was exported from; `git archive` fills the placeholder in."""

from . import __version__

COMMIT = "$Format:%H$"


def release() -> str:
    """Return the release as it is announced: version, and the first seven digits of the commit."""
    return f"{__version__}+{COMMIT[:7]}"
