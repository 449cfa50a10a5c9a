"""What happens around every call, outermost first; each interceptor does one thing."""
