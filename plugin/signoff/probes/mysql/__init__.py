"""MySQL and MariaDB, in read-only transactions under time limits."""
