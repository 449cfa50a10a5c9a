"""The two public sets of fashion photos, fetched and laid out as the readers expect them."""
