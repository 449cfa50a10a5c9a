"""Streams of many elements: side by side, answered one by one."""
