"""The embedded production environment, and its faults."""
