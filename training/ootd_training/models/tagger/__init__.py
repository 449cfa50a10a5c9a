"""The tagger: sub-category and attribute probabilities of a garment crop."""
