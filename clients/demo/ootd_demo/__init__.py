"""`make demo`: a gateway of its own, a catalogue, outfit photos, and a picture of each search."""
