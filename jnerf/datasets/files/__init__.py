"""Finding and reading files of scenes: folders, texts, arrays."""
