"""Readers of the training data; each gives typed samples and touches only the split asked for."""
