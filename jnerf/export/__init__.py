"""What of a run others can use: coloured points, cameras, slices through the field, occupied cells; in world units."""
