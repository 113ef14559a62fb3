"""One shell on a host that answers many commands in order, over any carrier."""
