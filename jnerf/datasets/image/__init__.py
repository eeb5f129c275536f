"""A picture as a field: points of it and their colours."""
