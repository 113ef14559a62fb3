"""What answers over HTTP, seen as its users and its strangers see it."""
