"""Products of other vendors, asked over their own APIs."""
