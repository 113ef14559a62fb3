"""Stores that are compared with each other, whatever they are."""
