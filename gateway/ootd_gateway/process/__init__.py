"""The process: command, settings, wiring, probes."""
