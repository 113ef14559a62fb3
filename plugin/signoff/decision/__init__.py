"""Pure judgement: facts, records and an instant in, a decision out. No clock, disk, network or pytest."""
