"""jnerf.encoders."""
