"""AsyncClient: edit these modules; those of `_sync` but its runtime are derived from them."""
