"""The label names that every reader and model shares, in the order of their indices."""

SUPER_CATEGORIES = ("top", "bottom", "outer", "dress", "shoes", "bag")
"""Super-categories; a model's class index is the place in this tuple."""
