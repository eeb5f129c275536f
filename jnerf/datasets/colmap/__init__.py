"""Photographs with a sparse model by COLMAP."""
