"""Triangle meshes of trained fields: a level set of the density or of the signed distance, in world units, coloured."""
