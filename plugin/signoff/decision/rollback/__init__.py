"""Whether a release that is out is kept, rolled back, or held."""
