"""The sequencer: emits a garment's sub-category and attributes one after the other."""
