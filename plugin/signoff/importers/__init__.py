"""Reports of other tools, read as evidence."""
