"""Vision models: the contract (`base`) and Triton behind it (`triton_vision`)."""
