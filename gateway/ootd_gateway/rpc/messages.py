"""How large messages may be."""

MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Above the largest photo that is taken, so that a larger one is refused with our own words."""

MAX_ANSWER_BYTES = 24 * 1024 * 1024
"""What callers must take."""
