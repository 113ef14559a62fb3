"""Real browsers that look at pages, read-only: what a page says, how it is laid out, its barriers and its speed."""
