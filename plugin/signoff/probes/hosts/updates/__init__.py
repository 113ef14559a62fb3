"""Security updates that wait, by the distribution's own package manager."""
