"""Where a scene lies in the field: the similarity from the world, and the field's box."""
