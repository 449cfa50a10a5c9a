"""Vector index: the contract (`base`) and sharded usearch behind it."""
