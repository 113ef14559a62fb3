"""What is asked of what: checklist, inventory, policy and records, read from YAML with errors that name the place."""
