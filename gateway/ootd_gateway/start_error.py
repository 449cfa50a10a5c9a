"""Why the gateway cannot start."""


class StartError(Exception):
    """The gateway cannot start; the message is one sentence with the remedy."""
