"""The files that Triton loads: what writes and reads them."""
