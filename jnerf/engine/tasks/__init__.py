"""What ``jnerf.engine.run`` does for each task."""
