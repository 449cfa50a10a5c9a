"""The database, which is the truth: the contract (`base`) and SQL behind it."""
