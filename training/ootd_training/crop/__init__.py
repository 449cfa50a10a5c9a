"""The crop step: an ONNX graph that cuts garments out of a photo and measures their colours."""
