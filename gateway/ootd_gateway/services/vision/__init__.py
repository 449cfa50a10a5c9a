"""VisionService: which garments are in a photo."""
