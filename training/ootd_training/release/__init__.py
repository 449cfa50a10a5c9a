"""Releases: checkpoints become files, described by a manifest and installed as a whole."""
