"""Training of the models that the gateway serves: detector, tagger and embedder."""
