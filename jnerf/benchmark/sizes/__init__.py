"""What training takes as batches and scenes grow: memory, time, pixels on disk."""
