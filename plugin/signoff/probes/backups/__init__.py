"""Backups as the tools that make them list them: one module per tool, all in one vocabulary."""
