"""What a GPU has to show, and what ``make test-cuda`` found of it."""
