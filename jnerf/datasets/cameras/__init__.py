"""Cameras and their lenses: from pixels to rays, and what a set of cameras sees."""
