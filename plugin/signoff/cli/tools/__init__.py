"""`signoff tools`: the programs of others that checks run, or whose reports they read."""
