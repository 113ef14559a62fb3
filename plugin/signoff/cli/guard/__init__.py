"""`signoff guard`: watches a release, and decides by the plan's rule."""
