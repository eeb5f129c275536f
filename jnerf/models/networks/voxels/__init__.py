"""Fields of voxels without a network."""
