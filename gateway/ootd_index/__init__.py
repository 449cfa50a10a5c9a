"""A vector index in memory: sharded usearch graphs, and exact scores.

`vector_index` is the contract, `sharded_index` fulfils it. It stands by itself: it knows nothing of
who fills it and asks it.
"""
