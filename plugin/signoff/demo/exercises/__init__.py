"""What is really done to the embedded environment when it starts, so that there is evidence: one module each."""
