"""The gRPC server: what is done around every call, admission, streams, health."""
