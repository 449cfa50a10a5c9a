"""The gateway's settings: a class for each room, put together and loaded in `loading`."""
