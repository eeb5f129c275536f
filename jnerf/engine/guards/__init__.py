"""What keeps a run from being useless: a scene out of sight, steps without samples, weights of another scene."""
