"""Where secrets are, and where they must not be; their values end here."""
