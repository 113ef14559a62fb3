"""What is in a local clone: commits, migrations, documents."""
