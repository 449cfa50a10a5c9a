"""The catalogue of items: the contract (`base`) and SQL behind it."""
