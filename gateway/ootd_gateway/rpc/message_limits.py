"""Sizes of messages; the contract states them."""

MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""What gRPC receives at most: above the largest photo that is taken, so that a larger one is
refused with our own words."""
