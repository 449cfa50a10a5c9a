"""What is served: a folder a service, with its domain, servicer, conversion and types."""
