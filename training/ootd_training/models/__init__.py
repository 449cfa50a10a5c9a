"""The four trained models."""
