"""The decision in the formats of other ecosystems: one module a format, model in, text out."""
