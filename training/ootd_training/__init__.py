"""Training of the models that the gateway serves: detector, tagger, sequencer and embedder."""
