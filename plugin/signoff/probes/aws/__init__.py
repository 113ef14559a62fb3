"""Amazon Web Services, for reading alone."""
