"""The final report: everything that was found, decided and left open, as Markdown."""
