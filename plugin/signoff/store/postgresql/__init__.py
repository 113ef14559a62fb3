"""The shared store: the same lines and chains in PostgreSQL."""
