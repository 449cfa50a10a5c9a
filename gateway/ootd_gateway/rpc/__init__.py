"""The gRPC side: thin servicers, interceptors, conversion between messages and domain types."""
