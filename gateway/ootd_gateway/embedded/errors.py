"""What can go wrong with the embedded Triton."""


class EmbeddedTritonError(RuntimeError):
    """Triton could not be started or kept running; the message says why and what to do."""
