"""Append-only evidence: journals of runs as files."""
