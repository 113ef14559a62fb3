"""Lock files of package managers, as one list of packages."""
