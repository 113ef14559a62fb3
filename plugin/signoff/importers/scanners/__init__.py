"""Reports of scanners, each with who made it, when, of what, and how completely."""
