"""One module per technology: bounded, read-only, returns facts, never judges."""
