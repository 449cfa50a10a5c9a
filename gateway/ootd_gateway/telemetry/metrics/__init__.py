"""Prometheus metrics: a class for each room, put together in `registry`."""
