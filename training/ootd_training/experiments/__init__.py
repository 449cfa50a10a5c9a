"""Experiments that check the papers' claims and choose settings by measurement."""
