"""ServerService: what answers."""
