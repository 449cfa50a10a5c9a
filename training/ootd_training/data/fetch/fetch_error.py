"""What can go wrong while the photos are fetched and laid out."""

from __future__ import annotations

from ootd_training.console.errors import CommandError


class FetchError(CommandError):
    """The photos cannot be fetched or laid out; the text says why and what to do."""
