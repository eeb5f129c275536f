"""Fields whose features, or values, lie at the corners of voxels."""
