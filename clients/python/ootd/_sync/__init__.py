"""Client: derived from the modules of `_async` by derive_sync.py, but for its runtime."""
