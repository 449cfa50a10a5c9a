"""The OOTD gateway: validates, asks Triton, searches the index, answers over gRPC."""
