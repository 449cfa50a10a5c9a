"""A folder for each service of the contract: its types, their conversion, and its two clients.

`async_client.py` is written by hand, `sync_client.py` beside it is derived. Services know nothing
of each other; what two of them speak of is in `ootd._shared`.
"""
