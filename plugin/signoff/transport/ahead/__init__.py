"""What checks are known to ask is asked early, and answered from memory."""
