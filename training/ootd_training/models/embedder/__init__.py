"""The embedder: a 128-d vector of a garment crop, near for garments that look alike."""
