"""Names, certificates and open ports, asked from where the checks run."""
