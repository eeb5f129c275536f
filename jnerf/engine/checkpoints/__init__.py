"""States of a run on disk, whole or absent, and back into the modules."""
