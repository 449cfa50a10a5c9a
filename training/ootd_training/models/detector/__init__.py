"""The garment detector: an anchor-free YOLO network, its training, export and evaluation."""
