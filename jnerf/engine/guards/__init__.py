"""What keeps a run from being useless: a scene out of sight, no samples, NaN, weights of another scene."""
