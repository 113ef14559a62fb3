"""What is wrong with records that people keep, before it matters."""
