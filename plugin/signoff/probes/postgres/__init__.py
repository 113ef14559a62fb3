"""PostgreSQL, in read-only transactions under time limits."""
