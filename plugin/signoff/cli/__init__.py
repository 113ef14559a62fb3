"""The `signoff` command: thin over the workspace."""

from signoff.cli.main import main

__all__ = ["main"]
