"""Redis-compatible servers, by what they say of themselves."""
