"""Records of what was tried out: deployments, restores, migrations, drills."""
