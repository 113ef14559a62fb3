"""Settings that a provider's own program exported."""
