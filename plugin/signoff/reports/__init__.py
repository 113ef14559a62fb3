"""One module per format: model in, text out."""
