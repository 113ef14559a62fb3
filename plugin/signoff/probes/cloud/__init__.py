"""Clouds told in the same words: what scales, where it runs, how much room is left, who watches costs, what is open."""
