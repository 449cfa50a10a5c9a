"""Pages of measured figures, and their pictures."""
