"""Photographs with poses in a ``transforms.json``."""
