"""What runs on a host and how it is set up, asked over its one connection."""
