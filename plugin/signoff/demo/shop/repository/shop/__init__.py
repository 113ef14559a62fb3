"""A small shop: products, customers, orders and their payments."""

__version__ = "1.0.0"
