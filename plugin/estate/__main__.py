"""`python -m estate`."""

from estate.cli import main

main()
