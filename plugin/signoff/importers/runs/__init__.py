"""Results of test and load runs."""
